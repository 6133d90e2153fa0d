"""Topics by cursor: DRF's own pages, and those of a service that spells its cursors otherwise."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import parse_qs

from django.urls import path
from rest_framework import generics, serializers
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination

from academy.catalog.models import Topic


class TopicSerializer(serializers.ModelSerializer):
    class Meta:
        model = Topic
        fields = ["id", "slug", "name"]


class Pages(CursorPagination):
    page_size = 3
    ordering = "id"


class Topics(generics.ListAPIView):
    queryset = Topic.objects.all()
    serializer_class = TopicSerializer
    pagination_class = Pages
    permission_classes = []
    throttle_classes = []
    filter_backends = []


def page(call, skips=0):
    """The service's page: its cursors say how many topics stand before it; one that skips has lost a topic."""
    cursor = parse_qs(call.query).get("cursor", [""])[-1]
    try:
        begin = int(urlsafe_b64decode(cursor).decode().partition("from:")[2]) if cursor else 0
    except ValueError:
        raise NotFound(Pages.invalid_cursor_message) from None
    rows = [{"id": topic.pk, "slug": topic.slug, "name": topic.name} for topic in Topic.objects.order_by("pk")]
    end = begin + Pages.page_size
    return {
        "next": link(call, end + skips) if end < len(rows) else None,
        "previous": link(call, max(0, begin - Pages.page_size)) if begin else None,
        "results": rows[begin:end],
    }


def link(call, begin):
    cursor = urlsafe_b64encode(f"from:{begin}".encode()).decode()
    return f"{call.scheme}://{call.host}{call.path}?cursor={cursor.replace('=', '%3D')}"


urlpatterns = [path("topics/", Topics.as_view(), name="topics")]
