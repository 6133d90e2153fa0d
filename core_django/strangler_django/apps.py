from django.apps import AppConfig


class StranglerDjangoConfig(AppConfig):
    name = "strangler_django"
    label = "strangler_django"
    default_auto_field = "django.db.models.BigAutoField"
