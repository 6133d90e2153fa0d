"""Endpoints that cannot be profiled, or that do what a GET should not."""

from concurrent.futures import ThreadPoolExecutor

from django.contrib.auth.decorators import login_required
from django.core.cache import cache
from django.core.mail import send_mail
from django.db import transaction
from django.http import JsonResponse, StreamingHttpResponse
from django.urls import path, re_path
from django.views.decorators.cache import cache_page
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.django.profiling.library import planted
from tests.django.profiling.library.models import Book, Country, Loan

happened = []


class Failing(APIView):
    def get(self, request):
        raise ValueError(f"Secret {Book.objects.get(pk=1).title}")  # here


class Private(ListAPIView):
    queryset = Book.objects.all()
    serializer_class = planted.ForwardKey
    permission_classes = [IsAuthenticated]


class Mine(RetrieveAPIView):
    queryset = Book.objects.prefetch_related("chapters")
    serializer_class = planted.Nested
    lookup_field = "title"
    lookup_url_kwarg = "name"


class ChaptersOfBook(ListAPIView):
    serializer_class = planted.EditedChapterSerializer

    def get_queryset(self):
        return planted.Chapter.objects.filter(book=self.kwargs["book_pk"])


class Writing(APIView):
    def get(self, request):
        with transaction.atomic(durable=True):
            Loan.objects.create(book=Book.objects.first(), days=99)
            transaction.on_commit(lambda: happened.append("committed"))
        cache.set("left", "behind", None)
        send_mail("Secret", "text", "from@library.invalid", ["to@library.invalid"])
        return Response(Loan.objects.filter(days=99).count())


def threaded(request):
    """Writes on a connection of a thread of its own."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(write_elsewhere).result()
    return JsonResponse({})


def write_elsewhere():
    with transaction.atomic():
        Country.objects.create(name="Elsewhere")
    assert Country.objects.filter(name="Elsewhere").exists()


@login_required
def shelf(request):
    return JsonResponse({})


@cache_page(600)
def kept(request):
    return JsonResponse([book.author.name for book in Book.objects.all()], safe=False)


def streamed(request):
    return StreamingHttpResponse(f"{book.author.name}\n" for book in Book.objects.all())


def named(request, **kwargs):
    return JsonResponse(kwargs)


urlpatterns = [
    path("failing/", Failing.as_view(), name="failing"),
    path("private/", Private.as_view(), name="private"),
    path("mine/<str:name>/", Mine.as_view(), name="mine"),
    path("books/<int:book_pk>/chapters/", ChaptersOfBook.as_view(), name="chapters"),
    path("writing/", Writing.as_view(), name="writing"),
    path("threaded/", threaded, name="threaded"),
    path("shelf/", shelf, name="shelf"),
    path("kept/", kept, name="kept"),
    path("streamed/", streamed, name="streamed"),
    path("unknown/<int:thing>/", named, name="unknown"),
    path("genres/<int:number>/", named, name="by-segment"),
    re_path(r"^regex/(?P<author_id>[0-9]+)/(?:page-(?P<page>\d+)/)?$", named, name="regex"),
    path("publishers/<slug>/", named, name="publisher"),
]
