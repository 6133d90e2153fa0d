from django.apps import AppConfig


class StranglerExtractConfig(AppConfig):
    name = "strangler_extract"
    label = "strangler_extract"
