from django.apps import AppConfig


class StranglerShadowConfig(AppConfig):
    name = "strangler_shadow"
    verbose_name = "Strangler shadow"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from strangler_shadow import checks  # noqa: F401  registers
