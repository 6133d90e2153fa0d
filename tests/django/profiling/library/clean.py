"""Endpoints whose number of queries does not grow with a query a row; a profile must find nothing in them."""

from functools import lru_cache

from django.core.cache import cache
from django.db.models import Count, Prefetch, prefetch_related_objects
from django.http import JsonResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.pagination import CursorPagination, LimitOffsetPagination, PageNumberPagination
from rest_framework.response import Response

from strangler_django.serializers import CachedModelSerializer, batched
from tests.django.profiling.library import planted
from tests.django.profiling.library.models import Book, Chapter, Country, Genre, Loan, Note, Opening

books = Book.objects.all()


class Batched(CachedModelSerializer):
    found = batched(serializers.IntegerField(), default=0)

    class Meta:
        model = Book
        fields = ["title", "found"]

    @found.batch
    def count(self, pks):
        return dict(Loan.objects.filter(book__in=pks).values_list("book").annotate(Count("pk")))


class Annotated(planted.Titled):
    found = serializers.IntegerField()


class ToAttribute(planted.Titled):
    found = planted.ChapterSerializer(source="two_chapters", many=True)


class CountsPrefetched(planted.Titled):
    found = serializers.SerializerMethodField()

    def get_found(self, book):
        return book.chapters.count()


@lru_cache
def country_name(pk):
    return Country.objects.get(pk=pk).name


class Remembered(planted.Titled):
    found = serializers.SerializerMethodField()

    def get_found(self, book):
        return country_name(book.author.country_id)


class Kept(planted.Titled):
    found = serializers.SerializerMethodField()

    def get_found(self, book):
        return cache.get_or_set("hours", lambda: Opening.objects.get(pk=1).hours)


class InContext(planted.Titled):
    found = serializers.SerializerMethodField()

    def get_found(self, book):
        return self.context["loans"].get(book.pk)


class Constant(ListAPIView):
    queryset = books.select_related("author")
    serializer_class = planted.ForwardKey
    pagination_class = PageNumberPagination
    pagination_class.page_size = None

    def list(self, request):
        counts = [model.objects.count() for model in (Book, Chapter, Genre, Loan, Note)]
        return Response([counts, super().list(request).data])


class Looked(ListAPIView):
    queryset = books
    serializer_class = InContext

    def get_serializer_context(self):
        return {**super().get_serializer_context(), "loans": {loan.book_id: loan.days for loan in Loan.objects.all()}}


class Chunked(ListAPIView):
    queryset = books
    serializer_class = planted.ReverseKey

    def list(self, request):
        rows = list(self.get_queryset())
        for start in range(0, len(rows), 12):
            prefetch_related_objects(rows[start : start + 12], "chapters")
        return Response(self.get_serializer(rows, many=True).data)


class Streamed(ListAPIView):
    queryset = books.prefetch_related("genres")
    serializer_class = planted.ManyToMany

    def list(self, request):
        return Response(self.get_serializer(self.get_queryset().iterator(chunk_size=10), many=True).data)


class Kinds(RetrieveAPIView):
    queryset = books.prefetch_related("genres")
    serializer_class = planted.ManyToMany

    def retrieve(self, request, pk):
        late = [self.get_object().loans.filter(days__gt=days).count() for days in (7, 14, 21, 28)]
        return Response({"late": late, **super().retrieve(request).data})


class Cursored(ListAPIView):
    class Pages(CursorPagination):
        ordering = "id"
        page_size = 5

    queryset = books.select_related("author")
    serializer_class = planted.ForwardKey
    pagination_class = Pages


class Offset(ListAPIView):
    class Pages(LimitOffsetPagination):
        default_limit = 5

    queryset = books.prefetch_related("genres")
    serializer_class = planted.Keys
    pagination_class = Pages


def in_bulk(request):
    rows = list(Book.objects.all())
    authors = planted.Author.objects.in_bulk({book.author_id for book in rows})
    return JsonResponse([authors[book.author_id].name for book in rows], safe=False)


def values(request):
    return JsonResponse(list(Book.objects.values("title", "author__name")), safe=False)


two = Prefetch("chapters", Chapter.objects.filter(number__lte=2), to_attr="two_chapters")
VIEWS = {
    "select": planted.shown(books.select_related("author"), planted.ForwardKey),
    "select-chain": planted.shown(books.select_related("author__country"), planted.Chain),
    "select-reverse": planted.shown(books.select_related("cover"), planted.OneToOne),
    "prefetch": planted.shown(books.prefetch_related("chapters"), planted.ReverseKey),
    "prefetch-keys": planted.shown(books.prefetch_related("genres"), planted.Keys),
    "prefetch-nested": planted.shown(books.prefetch_related("chapters__editor"), planted.Nested),
    "prefetch-generic": planted.shown(books.prefetch_related("notes"), planted.Noted),
    "prefetch-key": planted.shown(Note.objects.order_by("pk").prefetch_related("about"), planted.About),
    "to-attribute": planted.shown(books.prefetch_related(two), ToAttribute),
    "counts-prefetched": planted.shown(books.prefetch_related("chapters"), CountsPrefetched),
    "annotated": planted.shown(books.annotate(found=Count("chapters")), Annotated),
    "batched": planted.shown(books, Batched),
    "constant": Constant.as_view(),
    "context": Looked.as_view(),
    "chunked": Chunked.as_view(),
    "streamed": Streamed.as_view(),
    "remembered": planted.shown(books.select_related("author"), Remembered),
    "kept": planted.shown(books, Kept),
    "cursor": Cursored.as_view(),
    "offset": Offset.as_view(),
    "in-bulk": in_bulk,
    "values": values,
}
urlpatterns = [
    *(path(f"clean/{name}/", view, name=name) for name, view in VIEWS.items()),
    path("clean/books/<int:pk>/", Kinds.as_view(), name="kinds"),
]
