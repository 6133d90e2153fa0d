"""The consistency of cached serializers: readers, writers and faults in every order that a scheduler can think of."""
