from django.apps import AppConfig


class LearningConfig(AppConfig):
    name = "academy.learning"
    default_auto_field = "django.db.models.BigAutoField"
