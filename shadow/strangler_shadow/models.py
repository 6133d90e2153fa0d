from django.db import models
from django.db.models import Value


class ShadowCount(models.Model):
    """How often the copies of one endpoint's calls had which outcome, by day, side that answered, rung and epoch.

    sampled = matched + mismatched + transient + errored + skipped + dropped, where `reason` splits each. Each of these
    copies stands for `weight` calls: they were drawn with probability 1/weight, and `count` is not multiplied by it.
    `fingerprint` is the epoch's; counts from before there were epochs have none.
    """

    endpoint = models.CharField(max_length=300)
    rung = models.CharField(max_length=10)
    answered = models.CharField(max_length=10)
    day = models.DateField()
    outcome = models.CharField(max_length=12)
    reason = models.CharField(max_length=100, blank=True)
    weight = models.PositiveIntegerField(default=1, db_default=1)
    fingerprint = models.CharField(max_length=16, blank=True, db_default="")
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint", "rung", "fingerprint", "answered", "day", "outcome", "reason", "weight"],
                name="shadow_count",
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
    """A copy, or a batch of counts, written together with what it adds, so that none adds twice; kept for a while."""

    uid = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.uid


class ShadowEpoch(models.Model):
    """The time in which nothing changed that evidence on one endpoint and rung rests on.

    `parts` are the fingerprint's; `number` counts an endpoint's and rung's epochs from 1. `began` is the first time
    that something was counted, `latest` the last time that pairs were; `coverage` says what those were like,
    and `latency` holds a histogram of their durations for each side and place.
    """

    endpoint = models.CharField(max_length=300)
    rung = models.CharField(max_length=10)
    fingerprint = models.CharField(max_length=16)
    parts = models.JSONField()
    number = models.PositiveIntegerField()
    began = models.DateTimeField()
    latest = models.DateTimeField()
    coverage = models.JSONField(default=dict)
    latency = models.JSONField(default=dict, db_default=Value({}, models.JSONField()))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "rung", "fingerprint"], name="shadow_epoch"),
            models.UniqueConstraint(fields=["endpoint", "rung", "number"], name="shadow_epoch_number"),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.rung}: epoch {self.number}"


class ShadowVerification(models.Model):
    """The last `strangler verify` of one endpoint and rung with one fingerprint.

    `who` and `build` name who ran it and of what, where it came in a file from somewhere else.
    """

    endpoint = models.CharField(max_length=300)
    rung = models.CharField(max_length=10)
    fingerprint = models.CharField(max_length=16)
    at = models.DateTimeField()
    verdict = models.PositiveSmallIntegerField()
    calls = models.PositiveIntegerField()
    who = models.CharField(max_length=150, blank=True, db_default="")
    build = models.CharField(max_length=200, blank=True, db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["endpoint", "rung", "fingerprint"], name="shadow_verification"),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.rung}: {self.calls} calls"
