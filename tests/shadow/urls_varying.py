"""A monolith that does not repeat itself: a clock, tokens, a counter, rows in any order; and what is stored."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

from django.urls import path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

random = Random(20)
requests = count(1000)
stored = {}
clock = [datetime(2026, 3, 1, 12, tzinfo=UTC)]


def begin():
    """What is stored at first."""
    rows = [{"id": number, "title": f"Course {number}", "price": f"{number}.50"} for number in range(1, 7)]
    stored.clear()
    stored.update(seats=40, rows=rows, written_at="2026-03-01T12:00:00Z")


def document():
    """One answer of the monolith."""
    trace = f"{random.getrandbits(64):016x}"
    rows = [{**row, "token": f"{random.getrandbits(128):032x}"} for row in deepcopy(stored["rows"])]
    random.shuffle(rows)
    return {
        "generated_at": stamp(),
        "trace": trace,
        "requests": next(requests),
        "seats": stored["seats"],
        "links": {"trace": f"/traces/{trace}"},
        "results": rows,
    }


def stamp(**later):
    """Now, in UTC, as DRF writes it."""
    return (timezone.now() + timedelta(**later)).isoformat().replace("+00:00", "Z")


def whole_seconds():
    """What the time is, and when something was written."""
    return {"generated_at": f"{clock[0]:%Y-%m-%dT%H:%M:%SZ}", "written_at": stored["written_at"]}


class RowSerializer(serializers.Serializer):
    id = serializers.IntegerField()
    title = serializers.CharField()
    price = serializers.CharField()
    token = serializers.CharField()


class LinksSerializer(serializers.Serializer):
    trace = serializers.CharField()


class PageSerializer(serializers.Serializer):
    generated_at = serializers.CharField()
    trace = serializers.CharField()
    requests = serializers.IntegerField()
    seats = serializers.IntegerField()
    links = LinksSerializer()
    results = RowSerializer(many=True)


class Varying(APIView):
    serializer_class = PageSerializer
    permission_classes = []
    throttle_classes = []

    def get(self, request):
        return Response(document())


class Clock(APIView):
    serializer_class = PageSerializer
    permission_classes = []
    throttle_classes = []

    def get(self, request):
        return Response(whole_seconds())


urlpatterns = [path("varying/", Varying.as_view(), name="varying"), path("clock/", Clock.as_view(), name="clock")]
