import uuid

from django.db import models


class Place(models.Model):
    city = models.CharField(max_length=20)

    class Meta:
        app_label = "shop"


class Owner(models.Model):
    name = models.CharField(max_length=20)

    class Meta:
        app_label = "shop"


class Tag(models.Model):
    name = models.CharField(max_length=20)

    class Meta:
        app_label = "shop"


class Shop(Place):
    owner = models.ForeignKey(Owner, models.SET_NULL, null=True)
    tags = models.ManyToManyField(Tag, through="Label")

    class Meta:
        app_label = "shop"


class Corner(Shop):
    class Meta:
        app_label = "shop"
        proxy = True


class Label(models.Model):
    shop = models.ForeignKey(Shop, models.CASCADE)
    tag = models.ForeignKey(Tag, models.CASCADE)

    class Meta:
        app_label = "shop"
        ordering = ["id"]


class Licence(models.Model):
    shop = models.OneToOneField(Shop, models.CASCADE)
    number = models.CharField(max_length=20)

    class Meta:
        app_label = "shop"


class Ticket(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4)

    class Meta:
        app_label = "shop"
