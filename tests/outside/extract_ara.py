"""`strangler extract` on ara: a contract that nobody wrote a line of, and the service generated with it."""

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from answers import Answer, Question, ask_all, questions
from ara_witness import read_witness
from claims import Claims
from environment import BUILD, OWN, environment
from processes import Server, free_port, run

__all__ = ["extract_ara"]

# `ara` itself is a package already, so that stubs of ara.api.v1 could not be imported.
SERVICE = "ara_api.v1.AraApiService"
EXTRACTED = BUILD / "extracted"
SHARE_OF_ENDPOINTS, SHARE_OF_FIELDS = 0.9, 0.8


def extract_ara(claims: Claims, endpoints: list[str]) -> None:
    """Extract every JSON endpoint, put real answers through the codec, and let the generated service answer."""
    shutil.rmtree(EXTRACTED, ignore_errors=True)
    # Links in answers hold the port.
    port = free_port()
    asked, before = _asked_of_ara(port)
    _extract(claims, endpoints)
    found = _through_the_codec(asked, before)
    claims.details["extract"] = found
    _claim_shares(claims, found)
    _claim_documents(claims, found["documents"], len(endpoints))
    _claim_answers(claims, port, asked, before)


def _extract(claims: Claims, endpoints: list[str]) -> None:
    """Write the contract; again, which changes nothing; and elsewhere with another seed of Python's hashes."""
    first, other = EXTRACTED / "first", EXTRACTED / "other"
    files = _strangler_extract(first, *endpoints, seed="1")
    claims.add("files written", value=len(files), holds=len(files) > 10)
    changed = _differences(files, _strangler_extract(first, seed="2"))
    claims.add("a second run changes", value=changed or "no file", holds=not changed)
    changed = _differences(files, _strangler_extract(other, *endpoints, seed="3"))
    claims.add("another PYTHONHASHSEED changes", value=changed or "no byte", holds=not changed)


def _strangler_extract(folder: Path, *endpoints: str, seed: str) -> dict[str, str]:
    """What is below the folder afterwards: digests by path."""
    folders = [word for name in ("root", "services", "tests") for word in (f"--{name}", str(folder / name))]
    (folder / "root").mkdir(parents=True, exist_ok=True)
    command = [OWN.program("strangler"), "extract", *endpoints, "--service", SERVICE, *folders]
    _run(command, environment("ara_settings", PYTHONHASHSEED=seed))
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    return sorted({path for path, _ in before.items() ^ after.items()})


def _through_the_codec(asked: list[Question], answers: dict[Question, Answer]) -> dict[str, Any]:
    given = [[question.path, answers[question].status, answers[question].body.decode()] for question in asked]
    done = _run([OWN.program("python"), "extracted_ara.py"], _with_stubs("ara_settings"), given=json.dumps(given))
    found: dict[str, Any] = json.loads(done)
    return found


def _claim_shares(claims: Claims, found: dict[str, Any]) -> None:
    extracted, others = len(found["documents"]["by endpoint"]), found["unextracted"]
    share = extracted / (extracted + len(others))
    value = f"{extracted} of {extracted + len(others)}, {share:.1%}; not: {others or 'none'}"
    claims.add("JSON endpoints extracted", value=value, holds=share >= SHARE_OF_ENDPOINTS)
    reasonless = [name for name, reasons in others.items() if not reasons]
    claims.add("each other with its reason", value=reasonless or "all", holds=not reasonless)
    typed, untyped = (found["fields"].get(slot, 0) for slot in ("typed", "json"))
    share = typed / (typed + untyped)
    value = f"{typed} of {typed + untyped}, {share:.1%}"
    claims.add("fields in typed slots", value=value, holds=share >= SHARE_OF_FIELDS)


def _claim_documents(claims: Claims, found: dict[str, Any], endpoints: int) -> None:
    count, different = sum(found["by endpoint"].values()), found["different"]
    claims.add(
        "endpoints with a document", value=len(found["by endpoint"]), holds=len(found["by endpoint"]) == endpoints
    )
    value = different or f"all {count}"
    claims.add("documents equal after the codec", value=value, holds=count > 100 and not different)
    changed = found["changed different"]
    claims.add("and with keys and types that it does not know", value=changed or f"all {count} x 5", holds=not changed)
    values = found["values"]
    total = sum(values.values())
    shares = ", ".join(f"{values.get(slot, 0) / total:.2%} {slot}" for slot in ("typed", "json", "overflow"))
    claims.add("how their values went", value=f"{total}: {shares}", holds=values["typed"] > total / 2)


def _claim_answers(claims: Claims, port: int, asked: list[Question], before: dict[Question, Answer]) -> None:
    """Ask ara again, while the generated service answers in another process."""
    witness = BUILD / "extracted.witness"
    witness.unlink(missing_ok=True)
    service = _service()
    address = f"127.0.0.1:{service.port}"
    ara = _ara("extracted", _with_stubs("ara_extracted_settings", ARA_WITNESS=str(witness), ARA_LIFTED=address), port)
    try:
        service.start()
        ara.start()
        after = ask_all(port, asked)
    finally:
        ara.stop()
        service.stop()
    different = [question.path for question in asked if after[question] != before[question]]
    value = different[:5] or f"all {len(after)}"
    claims.add("answers of the generated service, byte for byte", value=value, holds=not different)
    fates, calls = read_witness(witness), _calls(service)
    value = ", ".join(f"{number} {fate}" for fate, number in sorted(fates.items()))
    holds = calls == fates["service"] > 100 and set(fates) <= {"service", "refused"}
    claims.add("who answered", value=f"{value}; {calls} calls of the service", holds=holds)


def _service() -> Server:
    """The generated service, started as `strangler extract` says; its methods are those of the generated base class."""
    port = free_port()
    keys = json.dumps({SERVICE: {"outside": "00" * 32}})
    values = {"STRANGLER_SERVICE_ADDRESS": f"127.0.0.1:{port}", "STRANGLER_SERVICE_KEYS": keys}
    command = [OWN.program("python"), "-m", "ara_api_service"]
    return Server("service", command, _with_stubs("ara_extracted_settings", **values), port)


def _calls(service: Server) -> int:
    """Calls in the service's log, each by its own RPC."""
    lines = [json.loads(line) for line in service.log.read_text().splitlines() if line.startswith("{")]
    return sum(line.get("event") == "call" and line["method"].startswith(f"/{SERVICE}/") for line in lines)


def _asked_of_ara(port: int) -> tuple[list[Question], dict[Question, Answer]]:
    """Every question and ara's own answer."""
    server = _ara("unextracted", environment("ara_settings"), port)
    try:
        server.start()
        asked = questions(port)
        return asked, ask_all(port, asked)
    finally:
        server.stop()


def _ara(name: str, env: dict[str, str], port: int) -> Server:
    gunicorn = [OWN.program("gunicorn"), "ara.server.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    return Server(name, [*gunicorn, "--no-control-socket", "--workers", "2", "--threads", "4"], env, port)


def _with_stubs(settings: str, **values: str) -> dict[str, str]:
    folders = [EXTRACTED / "first" / "root" / "gen", EXTRACTED / "first" / "services"]
    return environment(settings, PYTHONPATH=os.pathsep.join(map(str, folders)), **values)


def _run(command: list[str], env: dict[str, str], *, given: str = "") -> str:
    done = run(command, env, timeout=240, given=given)
    if done.returncode:
        raise RuntimeError(f"{command[1]}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout
