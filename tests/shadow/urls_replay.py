"""Views that do what a GET should not, and some that do what it may."""

from django.core.cache import cache
from django.core.mail import send_mail
from django.db import DatabaseError, connection, transaction
from django.http import StreamingHttpResponse
from django.urls import path
from rest_framework.response import Response
from rest_framework.throttling import UserRateThrottle
from rest_framework.views import APIView

from academy.catalog.models import Topic
from strangler_protos.errors import StranglerError

committed: list[str] = []


class OncePerMinute(UserRateThrottle):
    scope = "once"
    rate = "1/min"


class View(APIView):
    throttle_classes = []

    def get(self, request):
        return Response(self.answer(request))


class Saves(View):
    def answer(self, request):
        return Topic.objects.create(slug="written", name="by a GET").slug


class SavesInABlock(View):
    def answer(self, request):
        with transaction.atomic():
            Topic.objects.filter(pk=1).update(name="changed")
        return "changed"


class Deletes(View):
    def answer(self, request):
        return Topic.objects.all().delete()[0]


class WritesSql(View):
    def answer(self, request):
        with connection.cursor() as cursor:
            cursor.execute("/* visits */ INSERT INTO catalog_topic (slug, name) VALUES ('raw', 'raw')")
        return "written"


class WritesInACommonTable(View):
    def answer(self, request):
        with connection.cursor() as cursor:
            cursor.execute("WITH gone AS (DELETE FROM catalog_topic RETURNING id) SELECT count(*) FROM gone")
            return cursor.fetchone()[0]


class Swallows(View):
    def answer(self, request):
        try:
            Topic.objects.create(slug="swallowed", name="")
        except (DatabaseError, StranglerError):
            return "went on"
        return "written"


class Locks(View):
    def answer(self, request):
        with transaction.atomic():
            return [topic.slug for topic in Topic.objects.select_for_update().order_by("pk")[:1]]


class StartsASession(View):
    def answer(self, request):
        request._request.session["seen"] = True
        return "seen"


class SendsMail(View):
    def answer(self, request):
        return send_mail("subject", "text", None, ["a@example.org"])


class Caches(View):
    def answer(self, request):
        kept = cache.get("visits", 0)
        cache.set("visits", kept + 1)
        return kept


class Commits(View):
    def answer(self, request):
        transaction.on_commit(lambda: committed.append("ran"))
        return "later"


class Unions(View):
    def answer(self, request):
        # PostgreSQL gets each half in brackets.
        slugs = Topic.objects.order_by().values_list("slug", flat=True)
        return sorted(slugs.filter(slug__lt="m").union(slugs.filter(slug__gt="m")))


class Comments(View):
    def answer(self, request):
        with connection.cursor() as cursor:
            cursor.execute("-- update\n/* delete\n */ SELECT count(*) FROM catalog_topic")
            return cursor.fetchone()[0]


class Counts(View):
    def answer(self, request):
        return list(Topic.objects.order_by("slug").values_list("slug", flat=True))


class Who(View):
    throttle_classes = [OncePerMinute]

    def answer(self, request):
        names = [request.user.username, request._request.user.username]
        return [*names, request.headers.get("X-Kept", ""), request.GET.get("q", "")]

    def post(self, request):
        return Response("posted")


class Raises(View):
    def answer(self, request):
        raise RuntimeError("canary-in-an-error")


class Streams(View):
    def get(self, request):
        return StreamingHttpResponse([b"one ", b"two"], content_type="text/plain")


VIEWS = [Saves, SavesInABlock, Deletes, WritesSql, WritesInACommonTable, Swallows, Locks, StartsASession, SendsMail,
         Caches, Commits, Unions, Comments, Counts, Who, Raises, Streams]  # fmt: skip
urlpatterns = [path(f"{view.__name__.lower()}/", view.as_view(), name=view.__name__.lower()) for view in VIEWS]
IDS = [f"{view.__name__.lower()}.get" for view in VIEWS]
