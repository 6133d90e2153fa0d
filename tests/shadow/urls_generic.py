"""A view that is all configuration."""

from django.urls import path
from rest_framework.generics import ListAPIView
from rest_framework.serializers import Serializer

from academy.catalog.models import Course

urlpatterns = [
    path("all/", ListAPIView.as_view(queryset=Course.objects.all(), serializer_class=Serializer), name="all"),
]
