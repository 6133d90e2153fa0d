"""Every column type that DRF maps, and every kind of relation."""

from functools import cached_property

from django.contrib.auth.models import User
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Region(models.Model):
    code = models.CharField(primary_key=True, max_length=40)
    name = models.CharField(max_length=60)
    slug = models.SlugField(unique=True)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"Region {self.name}"


class Badge(models.Model):
    id = models.UUIDField(primary_key=True)
    title = models.CharField(max_length=60)

    class Meta:
        ordering = ["title", "id"]

    def __str__(self) -> str:
        return self.title


class Tag(models.Model):
    # Django's own catalogues know these texts.
    COLOURS = [("mon", _("Monday")), ("sat", _("Saturday")), ("jan", _("January"))]

    name = models.CharField(max_length=60)
    colour = models.CharField(max_length=10, choices=COLOURS, blank=True)

    class Meta:
        ordering = ["-name", "id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.colour})"


class Maker(models.Model):
    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=60)
    motto = models.TextField(blank=True)
    founded = models.DateField(null=True)
    opened_at = models.DateTimeField(null=True)
    region = models.ForeignKey(Region, models.SET_NULL, null=True, related_name="makers")
    boss = models.ForeignKey("self", models.SET_NULL, null=True, related_name="staff")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name


class Item(models.Model):
    class Size(models.IntegerChoices):
        SMALL = 1, "small"
        LARGE = 9, "large"

    KINDS = {"Groups": [("tool", "Tool"), ("toy", "Toÿ")], "food": "Food"}

    title = models.CharField(max_length=80)
    text = models.TextField(blank=True)
    slug = models.SlugField(blank=True)
    email = models.EmailField(blank=True)
    link = models.URLField(blank=True)
    kind = models.CharField(max_length=10, choices=KINDS, default="tool")
    day = models.CharField(max_length=10, choices=Tag.COLOURS, blank=True)
    size = models.IntegerField(choices=Size, null=True)
    count = models.IntegerField(default=0)
    small = models.PositiveSmallIntegerField(null=True)
    big = models.BigIntegerField(null=True)
    is_free = models.BooleanField(default=False)
    is_odd = models.BooleanField(null=True)
    ratio = models.FloatField(null=True)
    price = models.DecimalField(max_digits=12, decimal_places=4, default=0)
    rebate = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    made_on = models.DateField(null=True)
    made_at = models.DateTimeField(null=True)
    opens = models.TimeField(null=True)
    length = models.DurationField(null=True)
    uid = models.UUIDField(null=True)
    address = models.GenericIPAddressField(null=True)
    manual = models.FileField(blank=True)
    data = models.JSONField(null=True)
    maker = models.ForeignKey(Maker, models.CASCADE, related_name="items")
    helper = models.ForeignKey(Maker, models.SET_NULL, null=True, related_name="helped")
    region = models.ForeignKey(Region, models.PROTECT, null=True, related_name="items")
    made_in = models.ForeignKey(
        Region, models.SET_DEFAULT, null=True, default=None, to_field="slug", related_name="products"
    )
    parent = models.ForeignKey("self", models.SET_NULL, null=True, related_name="children")
    owner = models.ForeignKey(User, models.SET_NULL, null=True, related_name="items")
    tags = models.ManyToManyField(Tag, related_name="items")
    badges = models.ManyToManyField(Badge, through="Award", related_name="items")
    similar = models.ManyToManyField("self")
    fans = models.ManyToManyField(User, related_name="favourites")
    notes = GenericRelation("fuzz.Note", related_query_name="item")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.title}/{self.count}"

    @property
    def shout(self) -> str:
        return self.title.upper()

    @cached_property
    def facts(self) -> dict[str, object]:
        return {"count": self.count, "pair": (self.is_free, self.ratio)}

    @property
    def greeting(self) -> str:
        return gettext("Yes") if self.is_free else gettext("No")

    @property
    def local_hour(self) -> str:
        return timezone.localtime(self.made_at).strftime("%H:%M") if self.made_at else ""

    def doubled(self) -> int:
        return 2 * self.count


class Gadget(Item):
    volts = models.IntegerField(default=5)
    charger = models.ForeignKey(Maker, models.SET_NULL, null=True, related_name="chargers")


class Deal(Item):
    class Meta:
        proxy = True


class Visible(models.Manager["Part"]):
    def get_queryset(self) -> models.QuerySet["Part"]:
        return super().get_queryset().filter(is_hidden=False)


class Part(models.Model):
    item = models.ForeignKey(Item, models.CASCADE, null=True, related_name="parts")
    source = models.ForeignKey(Maker, models.RESTRICT, null=True, related_name="parts")
    name = models.CharField(max_length=60)
    weight = models.DecimalField(max_digits=8, decimal_places=3, null=True)
    is_hidden = models.BooleanField(default=False)

    objects = Visible()
    everything: models.Manager["Part"] = models.Manager()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Passport(models.Model):
    item = models.OneToOneField(Item, models.CASCADE, primary_key=True, related_name="passport")
    number = models.CharField(max_length=60)
    issued_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["item_id"]

    def __str__(self) -> str:
        return self.number


class Warranty(models.Model):
    item = models.OneToOneField(Item, models.SET_NULL, null=True, related_name="warranty")
    years = models.IntegerField(default=2)
    region = models.ForeignKey(Region, models.SET_NULL, null=True, related_name="warranties")

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.years} years"


class Note(models.Model):
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    target = GenericForeignKey()
    text = models.CharField(max_length=80)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text


class Award(models.Model):
    item = models.ForeignKey(Item, models.CASCADE, related_name="awards")
    badge = models.ForeignKey(Badge, models.CASCADE, related_name="awards")
    rank = models.IntegerField(default=1)

    class Meta:
        ordering = ["rank", "id"]

    def __str__(self) -> str:
        return f"{self.rank}"
