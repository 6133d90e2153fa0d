"""The native catalog, which says what mail it would send for a review; with `broken` it says so in half a line."""

import os
import sys
from pathlib import Path
from threading import local
from typing import Any

from catalog_service import __main__, reviews
from strangler_services.effects import VARIABLE, report

BROKEN = sys.argv[1:] == ["broken"]
_create, _learner = reviews.Reviews.create, reviews._learner
_seen = local()


def learner(connection: Any, course_id: int, identity: Any) -> int:
    _seen.learner = _learner(connection, course_id, identity)
    return _seen.learner


def create(self: Any, course_id: int, values: Any, web: Any, identity: Any) -> dict[str, Any]:
    document = _create(self, course_id, values, web, identity)
    if BROKEN:
        with Path(os.environ[VARIABLE]).open("ab") as file:
            file.write(b'{"kind": "mail", "zanzibar\n')
        return document
    mail = {
        "from": "shop@example.org",
        "to": [f"{_seen.learner}@example.org"],
        "subject": "Thanks",
        "type": "text/plain",
        "body": f"{document['stars']} stars",
    }
    assert report("mail", "", mail)
    return document


if __name__ == "__main__":
    reviews.Reviews.create, reviews._learner = create, learner
    del sys.argv[1:]
    sys.exit(__main__.main())
