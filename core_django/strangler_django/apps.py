from importlib import import_module
from importlib.util import find_spec

from django.apps import AppConfig, apps
from django.utils.module_loading import autodiscover_modules


class StranglerDjangoConfig(AppConfig):
    name = "strangler_django"
    label = "strangler_django"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from strangler_django.serializers import registry, results

        import_module("strangler_django.checks")
        import_module("strangler_django.result_checks")
        # Every process that writes must know what cached values read, commands and workers included.
        autodiscover_modules("serializers", "results")
        registry.resolve_waiting()
        results.resolve_waiting()
        if apps.is_installed("cacheops"):
            import_module("strangler_django.serializers.cacheops_events").connect()
        if find_spec("prometheus_client") is not None:
            import_module("strangler_django.metrics").connect()
