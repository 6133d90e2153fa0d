from django.db import models


class ShadowCount(models.Model):
    """How often the copies of one endpoint's calls had which outcome, by day, side that answered, and rung.

    sampled = matched + mismatched + transient + errored + skipped + dropped, where `reason` splits each. Each of these
    copies stands for `weight` calls: they were drawn with probability 1/weight, and `count` is not multiplied by it.
    """

    endpoint = models.CharField(max_length=300)
    rung = models.CharField(max_length=10)
    answered = models.CharField(max_length=10)
    day = models.DateField()
    outcome = models.CharField(max_length=12)
    reason = models.CharField(max_length=100, blank=True)
    weight = models.PositiveIntegerField(default=1, db_default=1)
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "rung", "answered", "day", "outcome", "reason", "weight"], name="shadow_count"
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


class ShadowSent(models.Model):
    """How many copies were sent to the stream, and how many of them a worker has counted.

    `generation` names the life of the stream's server: what it lost when it came back empty is sent - settled.
    """

    generation = models.CharField(max_length=32)
    endpoint = models.CharField(max_length=300)
    rung = models.CharField(max_length=10)
    answered = models.CharField(max_length=10)
    sent = models.PositiveBigIntegerField(default=0)
    settled = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["generation", "endpoint", "rung", "answered"], name="shadow_sent")
        ]

    def __str__(self) -> str:
        return f"{self.endpoint}: {self.sent} sent, {self.settled} settled"


class ShadowSettled(models.Model):
    """A copy that was counted, written together with its count, so that none counts twice; kept for a while only."""

    uid = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.uid
