"""Models that look at who is there, in the ways that projects write."""

from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext, gettext_lazy
from rest_framework import serializers

from academy.catalog.models import Course
from tests.django.leaks.callers import current_user

__all__ = ["TABLES", "Board", "LazyCourse", "Notice", "NoticeSerializer", "SeenCourse"]


class SeenCourse(Course):
    class Meta:
        app_label = "leaks"
        proxy = True

    def __str__(self) -> str:
        return f"{self.title} for {current_user.get()}"

    @property
    def seen_by(self) -> str:
        return str(current_user.get())

    @cached_property
    def first_seen_by(self) -> str:
        return str(current_user.get())

    def describe(self, word: str) -> str:
        return f"{word} {current_user.get()}"


class LazyCourse(Course):
    class Meta:
        app_label = "leaks"
        proxy = True

    def get_level_display(self) -> str:
        """What Django makes of choices with lazy names."""
        return str({"beginner": gettext_lazy("Yes")}.get(self.level, self.level))

    @property
    def translated(self) -> str:
        return gettext("Yes")


class Board(models.Model):
    name = models.CharField(max_length=20)

    class Meta:
        app_label = "leaks"


class NoticeManager(models.Manager):
    def get_queryset(self) -> models.QuerySet:
        return super().get_queryset().filter(reader=str(current_user.get()))


class Notice(models.Model):
    board = models.ForeignKey(Board, models.CASCADE, related_name="notices")
    reader = models.CharField(max_length=40)

    objects = NoticeManager()

    class Meta:
        app_label = "leaks"


class NoticeSerializer(serializers.ModelSerializer):
    class Meta:
        model = Notice
        fields = ["reader"]


TABLES = (Board, Notice)
