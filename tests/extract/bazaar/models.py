"""Stalls, the goods in them, shelves within shelves, and notes on anything."""

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Tag(models.Model):
    name = models.CharField(max_length=40, unique=True)

    def __str__(self):
        return f"#{self.name}"


class Stall(models.Model):
    name = models.CharField(max_length=40)
    slug = models.SlugField(unique=True)
    opened_on = models.DateField(null=True)
    shop = models.CharField(max_length=20, default="north")
    options = models.JSONField(default=dict, blank=True)

    def __str__(self):
        return self.name


class Good(models.Model):
    class Kind(models.TextChoices):
        FRUIT = "fruit", "Fresh fruit"
        SPICE = "spice", "Spice"

    stall = models.ForeignKey(Stall, models.CASCADE, related_name="goods")
    name = models.CharField(max_length=40, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.FRUIT)
    price = models.DecimalField(max_digits=8, decimal_places=2)
    weight = models.FloatField(null=True, blank=True)
    stock = models.IntegerField(default=0)
    listed_at = models.DateTimeField(null=True, blank=True)
    photo = models.FileField(upload_to="photos", blank=True)
    tags = models.ManyToManyField(Tag, related_name="goods", blank=True)

    def __str__(self):
        return self.name


class Shelf(models.Model):
    name = models.CharField(max_length=40)
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")


class Note(models.Model):
    text = models.CharField(max_length=40)
    kind = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveIntegerField()
    subject = GenericForeignKey("kind", "object_id")


class Visit(models.Model):
    page = models.CharField(max_length=40)
