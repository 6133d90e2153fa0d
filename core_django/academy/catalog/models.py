import uuid
from decimal import Decimal

from django.db import models


class Topic(models.Model):
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=80)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class Educator(models.Model):
    name = models.CharField(max_length=120)
    bio = models.TextField(blank=True)
    photo = models.FileField(upload_to="educators", null=True, blank=True)
    website = models.URLField(null=True, blank=True)  # noqa: DJ001  NULL and "" both occur in real data
    joined_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Course(models.Model):
    class Level(models.TextChoices):
        BEGINNER = "beginner", "Beginner"
        INTERMEDIATE = "intermediate", "Intermediate"
        ADVANCED = "advanced", "Advanced"

    title = models.CharField(max_length=200)
    slug = models.SlugField(max_length=220, unique=True, allow_unicode=True)
    summary = models.TextField(blank=True)
    level = models.CharField(max_length=20, choices=Level.choices)
    language = models.CharField(max_length=8, default="en")
    price = models.DecimalField(max_digits=9, decimal_places=2, default=Decimal("0.00"))
    rating = models.FloatField(null=True, blank=True)
    is_free = models.BooleanField(default=False)
    is_published = models.BooleanField(default=True)
    published_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField()
    starts_on = models.DateField(null=True, blank=True)
    length = models.DurationField(null=True, blank=True)
    external_id = models.UUIDField(default=uuid.uuid4)
    syllabus = models.FileField(upload_to="syllabi", null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    educator = models.ForeignKey(Educator, on_delete=models.PROTECT, related_name="courses")
    topics = models.ManyToManyField(Topic, related_name="courses", blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.title


class Lesson(models.Model):
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="lessons")
    position = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    minutes = models.PositiveIntegerField(null=True, blank=True)
    video = models.FileField(upload_to="videos", null=True, blank=True)
    is_preview = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["course", "position"], name="lesson_position")]

    def __str__(self) -> str:
        return self.title
