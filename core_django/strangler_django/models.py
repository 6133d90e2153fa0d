from django.db import models


class JournalRow(models.Model):
    """A row that was written while Redis was out of reach, until its stamp is renewed."""

    model = models.CharField(max_length=200)
    row = models.CharField(max_length=200)
    token = models.CharField(max_length=32)
    settled = models.BooleanField()
    written_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.model} {self.row}"
