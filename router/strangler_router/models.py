from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models

from strangler_router.policy import BASIS_POINTS, Flag, Rung, Stage

APPEND_ONLY = "the history of flags is append-only; add a new change instead"


class AppendOnly(models.QuerySet["FlagChange"]):
    """Rows that are neither changed nor deleted."""

    def update(self, **_kwargs: Any) -> int:
        raise TypeError(APPEND_ONLY)

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError(APPEND_ONLY)


class FlagChange(models.Model):
    """One step of one endpoint. The table is append-only; an endpoint's newest row is its flag."""

    endpoint = models.CharField(max_length=300, db_index=True)
    stage = models.CharField(max_length=10, choices=[(stage.value, stage.value) for stage in Stage])
    basis_points = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(BASIS_POINTS)])
    mirror = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(BASIS_POINTS)])
    rung = models.CharField(max_length=10, choices=[(rung.value, rung.value) for rung in Rung])
    seed = models.CharField(max_length=300, blank=True)
    who = models.CharField(max_length=150)
    why = models.TextField()
    evidence = models.TextField(blank=True)
    at = models.DateTimeField(auto_now_add=True)

    objects = AppendOnly.as_manager()

    class Meta:
        permissions = [("override", "May choose who answers their own requests")]
        constraints = [
            models.CheckConstraint(condition=models.Q(basis_points__lte=BASIS_POINTS), name="flag_basis_points"),
            models.CheckConstraint(condition=models.Q(mirror__lte=BASIS_POINTS), name="flag_mirror"),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint}: {self.stage} ({self.who}, {self.at:%Y-%m-%d %H:%M})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(APPEND_ONLY)
        # With a primary key of its own a new row would otherwise replace the old one of that key.
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError(APPEND_ONLY)

    @property
    def flag(self) -> Flag:
        """The change as the value that the router reads."""
        return Flag(
            endpoint=self.endpoint,
            stage=Stage(self.stage),
            basis_points=self.basis_points,
            mirror=self.mirror,
            rung=Rung(self.rung),
            seed=self.seed,
        )
