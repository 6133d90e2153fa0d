from django.http import HttpRequest, HttpResponse
from django.urls import path


def page(request: HttpRequest, pk: str) -> HttpResponse:
    """What links point at; nobody follows them."""
    return HttpResponse(pk)


# The names that DRF gives to the views of these models.
NAMES = [
    "region",
    "badge",
    "tag",
    "maker",
    "item",
    "gadget",
    "deal",
    "part",
    "passport",
    "warranty",
    "note",
    "award",
    "user",
]
urlpatterns = [path(f"{name}s/<path:pk>/", page, name=f"{name}-detail") for name in NAMES]
