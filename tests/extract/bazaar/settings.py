"""Settings of the bazaar; its database, its stage and the service's address come from the environment."""

import os
from pathlib import Path

FOLDER = Path(os.environ["BAZAAR_FOLDER"])

SECRET_KEY = "for tests only"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "bazaar.urls"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "rest_framework",
    "rest_framework.authtoken",
    "django_filters",
    "bazaar",
    "strangler_django",
    "strangler_router",
    "strangler_shadow",
    "strangler_extract",
]

MIDDLEWARE = [
    *(["bazaar.middleware.witness"] if "BAZAAR_WITNESS" in os.environ else []),
    "django.middleware.http.ConditionalGetMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "bazaar.middleware.tenant",
    "strangler_router.middleware.RouterMiddleware",
]

TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / os.environ["BAZAAR_DATABASE"]}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
STATIC_URL = "/static/"
MEDIA_URL = "/media/"
MEDIA_ROOT = FOLDER / "media"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_THROTTLE_RATES": {"once": "1/hour"},
}

SERVICE = "bazaar_api.v1.BazaarService"
STRANGLER = {
    "CONTRACTS": ["bazaar_api.v1.bazaar_api_pb2"] if "BAZAAR_STAGE" in os.environ else [],
    "TARGETS": {SERVICE: {"lifted": os.environ.get("BAZAAR_SERVICE", "127.0.0.1:1")}},
    "KEYS": {SERVICE: {"test": "00" * 32}},
    "FIXED_STAGE": os.environ.get("BAZAAR_STAGE", "monolith"),
    "BUDGET": 20.0,
    "RPC_TIMEOUT": 15.0,
    "SHADOW": {"CORPUS": str(FOLDER / "corpus")},
}
