from django.db import models


class ShadowCount(models.Model):
    """How often the copies of one endpoint's calls had which outcome, by day, side that answered, and rung.

    sampled = matched + mismatched + transient + errored + skipped + dropped, where `reason` splits the last three.
    """

    endpoint = models.CharField(max_length=300)
    rung = models.CharField(max_length=10)
    answered = models.CharField(max_length=10)
    day = models.DateField()
    outcome = models.CharField(max_length=12)
    reason = models.CharField(max_length=100, blank=True)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "rung", "answered", "day", "outcome", "reason"], name="shadow_count"
            )
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.outcome}: {self.count}"


class ShadowDifference(models.Model):
    """One kind of difference at one place of an endpoint; examples hold stand-ins, never a recorded value."""

    endpoint = models.CharField(max_length=300)
    rung = models.CharField(max_length=10)
    kind = models.CharField(max_length=12)
    pattern = models.CharField(max_length=500)
    count = models.PositiveBigIntegerField(default=0)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    control = models.TextField()
    candidate = models.TextField()
    traits = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "rung", "kind", "pattern"], name="shadow_difference")
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.kind} at {self.pattern}: {self.count}"
