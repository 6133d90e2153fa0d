"""Settings of Banyan Academy; every address and secret comes from the environment."""

import os
from pathlib import Path

STATE = Path(os.environ.get("ACADEMY_STATE", ".strangler"))
STATE.mkdir(parents=True, exist_ok=True)

SECRET_KEY = os.environ.get("ACADEMY_SECRET_KEY", "for development only")
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "academy.urls"
WSGI_APPLICATION = "academy.wsgi.application"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "rest_framework",
    "rest_framework.authtoken",
    "django_filters",
    "academy.catalog",
    "academy.learning",
    "strangler_django",
    "strangler_router",
    "strangler_shadow",
    "strangler_extract",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "academy.middleware.TimezoneMiddleware",
    "strangler_router.middleware.RouterMiddleware",
]

TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

if os.environ.get("ACADEMY_POSTGRES"):
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.environ["ACADEMY_POSTGRES"],
            "PORT": os.environ.get("ACADEMY_POSTGRES_PORT", ""),
            "NAME": os.environ.get("ACADEMY_DATABASE", "academy"),
            "USER": os.environ.get("ACADEMY_POSTGRES_USER", "postgres"),
            "PASSWORD": os.environ.get("ACADEMY_POSTGRES_PASSWORD", ""),
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ.get("ACADEMY_DATABASE", STATE / "academy.sqlite3"),
            "OPTIONS": {
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=5000",
                "transaction_mode": "IMMEDIATE",
            },
        }
    }
CACHEOPS_REDIS = os.environ.get("ACADEMY_REDIS")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch"), ("fr", "Français")]
MEDIA_URL = "/media/"
MEDIA_ROOT = STATE / "media"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticatedOrReadOnly"],
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": os.environ.get("ACADEMY_ANON_RATE", "100000/min"),
        "user": os.environ.get("ACADEMY_USER_RATE", "100000/min"),
    },
    "DEFAULT_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
}

CATALOG = "banyan.catalog.v1.CatalogService"
STRANGLER = {
    "CONTRACTS": ["banyan.catalog.v1.catalog_pb2"],
    # The lifted rung asks get_object() first; the native service enforces by itself.
    "AUTHORITY": {"v1:enrolment-detail.get": {"lifted": "MONOLITH", "native": "SERVICE"}},
    "TARGETS": {
        CATALOG: {
            "native": os.environ.get("ACADEMY_CATALOG", "127.0.0.1:50051"),
            "lifted": os.environ.get("ACADEMY_LIFTED", "127.0.0.1:50052"),
        }
    },
    "KEYS": {CATALOG: {"demo": os.environ.get("ACADEMY_CATALOG_KEY", "00" * 32)}},
    "OBSERVERS": ["strangler_shadow.mirror.offer"],
    "SHADOW": {
        "CORPUS": str(STATE / "corpus"),
        "HEADERS": {"Time-Zone": ["Asia/Kolkata", "America/New_York", "Mars"]},
        "TRAITS": ["level", "is_free"],
    },
    "POLICY_FILE": STATE / "policy.json",
    "KILL_FILE": STATE / "kill",
}
