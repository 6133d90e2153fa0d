from django.http import JsonResponse
from django.urls import path

from tests.django.profiling.library import clean, planted


def publisher(request, slug):
    return JsonResponse({"slug": slug})


urlpatterns = [*planted.urlpatterns, *clean.urlpatterns, path("publishers/<slug>/", publisher, name="publisher")]
