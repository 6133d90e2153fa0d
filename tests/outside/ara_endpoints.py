"""Say of every GET endpoint of ara whether the router binds it; `--write` keeps the answer in ara_endpoints.json.

The settings cannot find out by themselves, since the URLs must not be imported while settings load.
"""

import json
import sys
from collections import defaultdict
from pathlib import Path

import django
from django.conf import settings
from django.test import override_settings

FILE = Path(__file__).with_name("ara_endpoints.json")


def main() -> None:
    """Write the file, or exit 1 where it is not what the router says; prints each refusal's sentence as JSON."""
    django.setup()
    found, sentences = endpoints()
    if "--write" in sys.argv[1:]:
        FILE.write_text(json.dumps(found, indent=2) + "\n")
    elif found != json.loads(FILE.read_text()):
        sys.exit(f"{FILE.name} is not what the router says; run this with --write:\n{json.dumps(found, indent=2)}")
    print(json.dumps(sentences))


def endpoints() -> tuple[dict[str, object], dict[str, str]]:
    """The ids that can be bound, the others by the check that refuses them, and what those checks say."""
    from strangler_django.endpoints import walk_endpoints
    from strangler_router.table import bind

    ids = [endpoint.id for endpoint in walk_endpoints() if endpoint.http_method == "GET"]
    with override_settings(STRANGLER={**settings.STRANGLER, "LIFTED": dict.fromkeys(ids, "SERVICE")}):
        bound = bind()
    names = [binding.id for binding, _ in bound.pairs]
    refused: dict[str, list[str]] = defaultdict(list)
    sentences: dict[str, str] = {}
    for name in ids:
        if name not in names:
            refusal = next(r for r in bound.refused if r.message.startswith((f"{name} ", f"{name}: ")))
            refused[refusal.check_id].append(name)
            sentences[name] = refusal.message
    return {"bound": names, "refused": refused}, sentences


if __name__ == "__main__":
    main()
