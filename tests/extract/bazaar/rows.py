"""Make the bazaar's database, with the same rows each time: `python -m bazaar.rows`."""

from datetime import UTC, date, datetime

import django
from django.core.management import call_command

__all__ = ["fill"]


def fill():
    """Rows for every view; shelves are 40 deep."""
    from django.contrib.auth.models import User
    from rest_framework.authtoken.models import Token

    from bazaar.models import Good, Note, Shelf, Stall, Tag

    for name in ("member", "other", "staff"):
        user = User.objects.create(
            username=name, is_staff=name == "staff", date_joined=datetime(2024, 1, 1, tzinfo=UTC)
        )
        Token.objects.create(user=user, key=name)
    Token.objects.update(created=datetime(2024, 1, 1, tzinfo=UTC))
    tags = [Tag.objects.create(name=name) for name in ("ripe", "süß", "sold out")]
    north = Stall.objects.create(name="North", slug="north", opened_on=date(2020, 2, 29), options={"open": [8, 18.5]})
    south = Stall.objects.create(name="South", slug="south", shop="south")
    for number in range(12):
        good = Good.objects.create(
            stall=(north, south)[number % 2],
            name=f"good {number}",
            kind=("fruit", "spice")[number % 3 == 0],
            price=f"{number}.50",
            weight=None if number == 5 else number / 3,
            stock=number,
            listed_at=datetime(2024, 1, 1 + number, 12, 30, tzinfo=UTC) if number else None,
            photo="photos/ä b.jpg" if number == 1 else "",
        )
        good.tags.set(tags[: number % 4])
    parent = None
    for depth in range(40):
        parent = Shelf.objects.create(name=f"level {depth}", parent=parent)
    Shelf.objects.create(name="beside", parent_id=1)
    Note.objects.create(text="on a good", subject=Good.objects.get(name="good 1"))
    Note.objects.create(text="on a stall", subject=north)


if __name__ == "__main__":
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    fill()
