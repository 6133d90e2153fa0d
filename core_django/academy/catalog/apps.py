from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "academy.catalog"
    default_auto_field = "django.db.models.BigAutoField"
