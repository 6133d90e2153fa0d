"""Endpoints that each have one N+1; the line that a profile must name ends in `planted: NAME`."""

from django.db import connection
from django.db.models import Sum
from django.http import JsonResponse
from django.shortcuts import render
from django.urls import path
from django.views.generic import ListView
from rest_framework import serializers
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.pagination import PageNumberPagination
from rest_framework.permissions import BasePermission
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import APIView

from tests.django.profiling.library.models import Author, Book, Chapter, Genre, Note, Opening


class GenreSerializer(serializers.ModelSerializer):
    class Meta:
        model = Genre
        fields = ["name"]


class ChapterSerializer(serializers.ModelSerializer):
    class Meta:
        model = Chapter
        fields = ["title"]


class EditedChapterSerializer(serializers.ModelSerializer):
    editor_name = serializers.CharField(source="editor.name")  # planted: nested

    class Meta:
        model = Chapter
        fields = ["title", "editor_name"]


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = Note
        fields = ["text"]


class AuthorSerializer(serializers.ModelSerializer):
    class Meta:
        model = Author
        fields = ["name"]


class Titled(serializers.ModelSerializer):
    class Meta:
        model = Book
        fields = ["title", "found"]


class ForwardKey(Titled):
    found = serializers.CharField(source="author.name")  # planted: forward-key


class Chain(Titled):
    found = serializers.CharField(source="author.country.name")  # planted: chain


class NestedOne(Titled):
    found = AuthorSerializer(source="author")  # planted: nested-one


class ReverseKey(Titled):
    found = ChapterSerializer(source="chapters", many=True)  # planted: reverse-key


class ManyToMany(Titled):
    found = GenreSerializer(source="genres", many=True)  # planted: many-to-many


class Counted(Titled):
    found = serializers.SerializerMethodField()

    def get_found(self, book):
        return book.chapters.count()  # planted: count


class Exists(Titled):
    found = serializers.SerializerMethodField()

    def get_found(self, book):
        return book.loans.filter(days__gt=7).exists()  # planted: exists


class Aggregated(Titled):
    found = serializers.SerializerMethodField()

    def get_found(self, book):
        return book.loans.aggregate(Sum("days"))["days__sum"]  # planted: aggregate


class First(Titled):
    found = serializers.SerializerMethodField()

    def get_found(self, book):
        first = (
            book.chapters.order_by("-title").first()  # planted: first
        )
        return first.title


class ValuesList(Titled):
    found = serializers.SerializerMethodField()

    def get_found(self, book):
        return list(book.genres.values_list("name", flat=True))  # planted: values-list


class Spoken(serializers.ModelSerializer):
    publisher = serializers.StringRelatedField()

    class Meta:
        model = Book
        fields = ["title", "publisher"]


class OneToOne(Titled):
    found = serializers.CharField(source="cover.address")  # planted: one-to-one


class Property(Titled):
    found = serializers.CharField(source="last_chapter")


class Keys(serializers.ModelSerializer):
    class Meta:
        model = Book
        fields = [
            "title",
            "genres",  # planted: keys
        ]


class Slugs(Titled):
    found = serializers.SlugRelatedField("slug", source="publisher", read_only=True)  # planted: slug


class Links(Titled):
    found = serializers.HyperlinkedRelatedField(  # planted: link
        "publisher", source="publisher", read_only=True, lookup_field="slug"
    )


class Noted(Titled):
    found = NoteSerializer(source="notes", many=True)  # planted: generic-relation


class About(serializers.ModelSerializer):
    about = serializers.CharField(source="about.title")  # planted: generic-key

    class Meta:
        model = Note
        fields = ["text", "about"]


class Deferred(serializers.ModelSerializer):
    class Meta:
        model = Book
        fields = [
            "title",
            "summary",  # planted: deferred
        ]


class Overriding(serializers.ModelSerializer):
    class Meta:
        model = Book
        fields = ["title"]

    def to_representation(self, book):
        shown = super().to_representation(book)
        shown["loans"] = [loan.days for loan in book.loans.all()]  # planted: override
        return shown


class LongestLoan(serializers.Field):
    def get_attribute(self, book):
        return book.loans.latest("days")  # planted: get-attribute

    def to_representation(self, loan):
        return loan.days


class CustomField(Titled):
    found = LongestLoan(source="*")


class Nested(Titled):
    found = EditedChapterSerializer(source="chapters", many=True)


class SameEachRow(Titled):
    found = serializers.SerializerMethodField()

    def get_found(self, book):
        return Opening.objects.get(pk=1).hours  # planted: same


class RawSql(Titled):
    found = serializers.SerializerMethodField()

    def get_found(self, book):
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM library_loan WHERE book_id = {book.pk} AND 'x' = 'x'")  # planted: raw
            return cursor.fetchone()[0]


class Plain(serializers.ModelSerializer):
    class Meta:
        model = Book
        fields = ["title"]


class IsReadable(BasePermission):
    def has_object_permission(self, request, view, book):
        return book.author.country_id is not None  # planted: permission


class Checked(ListAPIView):
    queryset = Book.objects.all()
    serializer_class = Plain
    permission_classes = [IsReadable]

    def list(self, request):
        books = [book for book in self.get_queryset() if self.check_object_permissions(request, book) is None]
        return Response(self.get_serializer(books, many=True).data)


class Counting(PageNumberPagination):
    page_size = 20

    def paginate_queryset(self, queryset, request, view=None):
        page = super().paginate_queryset(queryset, request, view)
        self.loans = sum(book.loans.count() for book in page)  # planted: pagination
        return page


class Paginated(ListAPIView):
    queryset = Book.objects.all()
    serializer_class = Plain
    pagination_class = Counting


class NamingRenderer(JSONRenderer):
    def render(self, data, *args, **kwargs):
        names = [Author.objects.get(books__title=row["title"]).name for row in data]  # planted: renderer
        return super().render([len(names), data], *args, **kwargs)


class Rendered(ListAPIView):
    queryset = Book.objects.all()
    serializer_class = Plain
    renderer_classes = [NamingRenderer]


class Looped(APIView):
    def get(self, request):
        loans = 0
        for book in Book.objects.all():
            loans += book.loans.count()  # planted: view
        return Response({"loans": loans})


def function_view(request):
    authors = [book.author.name for book in Book.objects.all()]  # planted: function
    return JsonResponse(authors, safe=False)


def page(request):
    return render(request, "library/page.html", {"books": Book.objects.all()})


class Listed(ListView):
    model = Book
    paginate_by = 20
    template_name = "library/list.html"


class OneBook(RetrieveAPIView):
    queryset = Book.objects.prefetch_related("chapters")
    serializer_class = Nested


def shown(queryset, serializer):
    """A list endpoint of these rows."""
    return ListAPIView.as_view(queryset=queryset, serializer_class=serializer)


books = Book.objects.all()
VIEWS = {
    "forward-key": shown(books, ForwardKey),
    "chain": shown(books, Chain),
    "nested-one": shown(books, NestedOne),
    "reverse-key": shown(books, ReverseKey),
    "many-to-many": shown(books, ManyToMany),
    "count": shown(books, Counted),
    "exists": shown(books, Exists),
    "aggregate": shown(books, Aggregated),
    "first": shown(books, First),
    "values-list": shown(books.prefetch_related("genres"), ValuesList),
    "str": shown(books.select_related("publisher"), Spoken),
    "one-to-one": shown(books, OneToOne),
    "property": shown(books, Property),
    "keys": shown(books, Keys),
    "slug": shown(books, Slugs),
    "link": shown(books, Links),
    "generic-relation": shown(books, Noted),
    "generic-key": shown(Note.objects.order_by("pk"), About),
    "deferred": shown(books.only("title"), Deferred),
    "override": shown(books, Overriding),
    "get-attribute": shown(books, CustomField),
    "nested": shown(books.prefetch_related("chapters"), Nested),
    "same": shown(books, SameEachRow),
    "raw": shown(books, RawSql),
    "permission": Checked.as_view(),
    "pagination": Paginated.as_view(),
    "renderer": Rendered.as_view(),
    "view": Looped.as_view(),
    "function": function_view,
    "template": page,
    "list-template": Listed.as_view(),
}
urlpatterns = [
    *(path(f"planted/{name}/", view, name=name) for name, view in VIEWS.items()),
    path("planted/books/<int:pk>/", OneBook.as_view(), name="one-book"),
]
