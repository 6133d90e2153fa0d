from django.http import HttpRequest, HttpResponse
from django.urls import path

from tests.django.conftest import cached_list


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse(cached_list())


urlpatterns = [path("plain/", plain)]
