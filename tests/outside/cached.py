"""ara's serializers as cached ones: the bytes of every object as before, and no alarm where there is no reason."""

import json
from typing import Any

from claims import Claims
from environment import OWN, environment
from processes import run

__all__ = ["claim_cached"]


def claim_cached(claims: Claims) -> None:
    """Read every recorded object twice through each serializer, and claim what it shows."""
    done = run([OWN.program("python"), "cached_ara.py"], environment("ara_settings"), timeout=240)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: list[dict[str, Any]] = json.loads(done.stdout)
    claims.details["cached"] = found
    claims.add("serializers made cached", value=len(found), holds=len(found) > 25)
    objects = sum(row["objects"] for row in found)
    claims.add("objects read twice through them", value=objects, holds=all(row["objects"] for row in found))
    different = [row["serializer"] for row in found if row["different"]]
    claims.add("bytes as ara's own", value=different or "all", holds=not different)
    sound = [row for row in found if not row["own queries"]]
    alarmed = [row["serializer"] for row in sound if row["bypass"] or row["hits"] != row["objects"]]
    claims.add("stored rows alone: cached", value=alarmed or f"all {len(sound)}", holds=bool(sound) and not alarmed)
    silent = [row["serializer"] for row in found if row["own queries"] and row["bypass"] != ["undeclared"]]
    others = len(found) - len(sound)
    claims.add("queries of their own: bypassed", value=silent or f"all {others}", holds=not silent)
