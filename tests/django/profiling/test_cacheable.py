from rest_framework import serializers

from strangler_django.profiling.cacheable import cacheable
from strangler_django.profiling.report import Share
from strangler_django.serializers import CachedModelSerializer, batched
from tests.django.profiling.library.models import Author, Book


def outside(serializer, book):
    return serializer, book


class Initials(serializers.Field):
    def to_representation(self, value):
        return self.context["request"].user.username[0]


class AuthorSerializer(serializers.ModelSerializer):
    country = serializers.CharField(source="country.name")
    is_me = serializers.SerializerMethodField()

    class Meta:
        model = Author
        fields = ["name", "country", "is_me"]

    def get_is_me(self, author):
        return self.asker() == author.name

    def asker(self):
        return self.context["request"].user.username


class BookSerializer(CachedModelSerializer):
    author = AuthorSerializer()
    chapter_count = serializers.SerializerMethodField()
    last_chapter = serializers.CharField()
    opened = serializers.SerializerMethodField()
    handed = serializers.SerializerMethodField()
    initials = Initials(source="title")
    loans = batched(serializers.IntegerField(), default=0)
    is_lent = batched(serializers.BooleanField(), default=False, fresh=True)
    genres = serializers.PrimaryKeyRelatedField(many=True, read_only=True)
    secret = serializers.CharField(write_only=True)

    class Meta:
        model = Book
        fields = [
            "title", "author", "chapter_count", "last_chapter", "opened", "handed", "initials", "loans", "is_lent",
            "genres", "secret",
        ]  # fmt: skip

    def get_chapter_count(self, book):
        return book.chapters.count()

    def get_opened(self, book):
        from django.utils import timezone

        return timezone.now().year

    def get_handed(self, book):
        return outside(self, book)

    @loans.batch
    def count_loans(self, pks):
        return {}

    @is_lent.batch
    def find_lent(self, pks):
        return set()


def test_what_a_field_s_code_reads_says_whether_its_value_may_be_shared():
    found = cacheable(BookSerializer(many=True))
    assert {field.field: field.share for field in found.fields if field.share is not Share.YES} == {
        "author.is_me": Share.NO,
        "opened": Share.NO,
        "handed": Share.UNKNOWN,
        "initials": Share.NO,
        "is_lent": Share.NO,
    }
    assert (found.shared, len(found.fields)) == (7, 12)
    reasons = {field.field: field.reason for field in found.fields}
    assert reasons["author.is_me"] == "asker reads 'user'"
    assert reasons["opened"] == "get_opened reads 'now'"
    assert reasons["title"] == "column"
    assert reasons["is_lent"] == "declared fresh"


def test_a_serializer_that_shows_itself_by_code_that_reads_the_context_is_unknown():
    class Overriding(serializers.ModelSerializer):
        class Meta:
            model = Author
            fields = ["name"]

        def to_representation(self, author):
            return {**super().to_representation(author), "for": self.context["request"].user.pk}

    [field] = cacheable(Overriding()).fields
    assert (field.share, field.reason) == (
        Share.UNKNOWN,
        "its serializer's to_representation reads 'user'",
    )
