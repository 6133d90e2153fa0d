import os

from django.apps import AppConfig


class StranglerRouterConfig(AppConfig):
    name = "strangler_router"
    label = "strangler"
    verbose_name = "Strangler"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from strangler_router import checks  # noqa: F401  registers

        if name := os.environ.get("STRANGLER_TWIN_DATABASE"):
            from strangler_router.twin import adopt_twin

            adopt_twin(name)
