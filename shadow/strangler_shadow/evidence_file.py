"""The file in which CI hands on what it verified: JSON that people can read, signed so that nobody can write it.

`evidence` is signed as the text that `_canonical` makes of it, with HMAC-SHA256 under a key that serves nothing else.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.signing import BadSignature, Signer

from strangler_protos.errors import StranglerError
from strangler_router.conf import settings
from strangler_shadow.verdict import Verdict

__all__ = ["EvidenceFile", "EvidenceFileError", "Verified", "read_file", "write_file"]

VERSION = 1
SALT = "strangler_shadow.evidence_file"
SHORTEST_KEY = 32
# As the database takes them.
LONGEST_WHO, LONGEST_BUILD = 150, 200
WANTED = "STRANGLER['SHADOW']['EVIDENCE_KEY']"


class EvidenceFileError(StranglerError):
    """The file cannot be written or believed; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """One `strangler verify` of one endpoint and rung, and what it rests on: a fingerprint and its parts."""

    endpoint: str
    rung: str
    fingerprint: str
    parts: Mapping[str, str]
    at: datetime
    verdict: Verdict
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFile:
    """What was verified, by whom and of which build, in words of their own."""

    who: str
    build: str
    verified: tuple[Verified, ...]


def write_file(path: Path, content: EvidenceFile) -> None:
    """Write and sign; `EvidenceFileError` without a key or where the file cannot be written."""
    evidence = {
        "version": VERSION,
        "who": content.who,
        "build": content.build,
        "verified": [
            asdict(item) | {"at": item.at.isoformat(), "verdict": item.verdict.name} for item in content.verified
        ],
    }
    document = {"evidence": evidence, "signature": _signer().signature(_canonical(evidence))}
    try:
        path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise EvidenceFileError(f"{path} cannot be written: {error.strerror}") from error


def read_file(path: Path) -> EvidenceFile:
    """Read what one of our keys signed; `EvidenceFileError` of anything else."""
    signer, document = _signer(), _document(path)
    evidence = document.get("evidence") if isinstance(document, dict) else None
    signature = document.get("signature") if isinstance(document, dict) else None
    if not isinstance(evidence, dict) or not isinstance(signature, str):
        raise EvidenceFileError(f"{path} is no evidence; `strangler evidence export` writes such a file")
    if evidence.get("version") != VERSION:
        raise EvidenceFileError(
            f"{path} is of version {evidence.get('version')!r}, and this release reads {VERSION}; use the same release"
        )
    text = _canonical(evidence)
    try:
        is_ours = signer.unsign(f"{text}{signer.sep}{signature}") == text
    except BadSignature:
        is_ours = False
    if not is_ours:
        raise EvidenceFileError(
            f"{path} was changed, or signed with a key that is not in {WANTED}; nothing of it counts"
        )
    try:
        return _content(evidence)
    except (KeyError, TypeError, ValueError) as error:
        raise EvidenceFileError(f"{path} is signed and cannot be read: {error!r}") from error


def _signer() -> Signer:
    """The first key signs, all of them verify, so that keys can be changed one process at a time."""
    configured = settings().shadow.get("EVIDENCE_KEY") or ()
    keys = [configured] if isinstance(configured, str) else list(configured)
    if not keys:
        raise EvidenceFileError(f"{WANTED} is not set: CI signs with it, and whoever imports checks with the same one")
    if any(not isinstance(key, str) or len(key) < SHORTEST_KEY for key in keys):
        raise EvidenceFileError(
            f"{WANTED} has a key of fewer than {SHORTEST_KEY} characters; `openssl rand -hex 32` makes a good one"
        )
    return Signer(key=keys[0], fallback_keys=keys[1:], salt=SALT)


def _document(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise EvidenceFileError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise EvidenceFileError(f"{path} is no JSON, or not all of it: {error}") from error


def _canonical(evidence: Mapping[str, Any]) -> str:
    return json.dumps(evidence, sort_keys=True, separators=(",", ":"))


def _content(evidence: Mapping[str, Any]) -> EvidenceFile:
    who, build = str(evidence["who"])[:LONGEST_WHO], str(evidence["build"])[:LONGEST_BUILD]
    return EvidenceFile(who=who, build=build, verified=tuple(map(_verified, evidence["verified"])))


def _verified(row: Mapping[str, Any]) -> Verified:
    values = {field.name: row[field.name] for field in fields(Verified)}
    at = datetime.fromisoformat(row["at"])
    if at.tzinfo is None:
        raise ValueError(f"{row['at']} has no time zone")
    return Verified(**values | {"at": at, "verdict": Verdict[row["verdict"]], "calls": int(row["calls"])})
