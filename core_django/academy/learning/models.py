from django.conf import settings
from django.db import models

from academy.catalog.models import Course


class Learner(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="learner")
    display_name = models.CharField(max_length=120)
    joined_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.display_name


class Enrolment(models.Model):
    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        COMPLETED = "completed", "Completed"
        DROPPED = "dropped", "Dropped"

    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="enrolments")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="enrolments")
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.ACTIVE)
    progress = models.DecimalField(max_digits=5, decimal_places=2)
    enrolled_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True, blank=True)
    certificate_id = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["course", "learner"], name="one_enrolment")]

    def __str__(self) -> str:
        return f"{self.learner_id} in {self.course_id}"


class Review(models.Model):
    course = models.ForeignKey(Course, on_delete=models.CASCADE, related_name="reviews")
    learner = models.ForeignKey(Learner, on_delete=models.CASCADE, related_name="reviews")
    stars = models.PositiveSmallIntegerField()
    text = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["course", "learner"], name="one_review")]

    def __str__(self) -> str:
        return f"{self.stars} stars for {self.course_id}"
