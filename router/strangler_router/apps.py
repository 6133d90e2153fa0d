from django.apps import AppConfig


class StranglerRouterConfig(AppConfig):
    name = "strangler_router"
    label = "strangler"
    verbose_name = "Strangler"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from strangler_router import checks  # noqa: F401  registers
