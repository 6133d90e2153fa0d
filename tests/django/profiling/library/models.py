from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Country(models.Model):
    name = models.CharField(max_length=20)

    class Meta:
        app_label = "library"


class Author(models.Model):
    name = models.CharField(max_length=20)
    country = models.ForeignKey(Country, models.CASCADE)

    class Meta:
        app_label = "library"


class Publisher(models.Model):
    name = models.CharField(max_length=20)
    slug = models.SlugField(unique=True)
    country = models.ForeignKey(Country, models.CASCADE)

    class Meta:
        app_label = "library"

    def __str__(self):
        return f"{self.name}, {self.country.name}"  # planted: str


class Genre(models.Model):
    name = models.CharField(max_length=20)

    class Meta:
        app_label = "library"


class Note(models.Model):
    text = models.CharField(max_length=20)
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    about = GenericForeignKey()

    class Meta:
        app_label = "library"


class Book(models.Model):
    title = models.CharField(max_length=20)
    summary = models.TextField()
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    publisher = models.ForeignKey(Publisher, models.CASCADE, related_name="books")
    genres = models.ManyToManyField(Genre, related_name="books")
    notes = GenericRelation(Note)

    class Meta:
        app_label = "library"
        ordering = ["id"]

    @property
    def last_chapter(self):
        return self.chapters.order_by("-number").first().title  # planted: property


class Chapter(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="chapters")
    editor = models.ForeignKey(Author, models.CASCADE, related_name="+")
    number = models.IntegerField()
    title = models.CharField(max_length=20)

    class Meta:
        app_label = "library"
        ordering = ["number"]


class Cover(models.Model):
    book = models.OneToOneField(Book, models.CASCADE, related_name="cover")
    address = models.CharField(max_length=40)

    class Meta:
        app_label = "library"


class Loan(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="loans")
    days = models.IntegerField()

    class Meta:
        app_label = "library"


class Opening(models.Model):
    hours = models.CharField(max_length=20)

    class Meta:
        app_label = "library"
