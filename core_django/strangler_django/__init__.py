"""The monolith's side: endpoint ids, batched cached serializers, profiling."""
