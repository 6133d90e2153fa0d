"""Plug the router into ara by settings only: its own tests, its API across and back, its profile, its contract."""

import json
import shutil
import sys

from environment import BUILD, HERE, OWN, environment


def main() -> int:
    """Install and go on inside of the new environment; exits 0 only if every claim holds."""
    OWN.enter()
    return _claims()


def _claims() -> int:
    from cached import claim_cached
    from claims import Claims
    from crossing import cross
    from extract_ara import extract_ara
    from own_tests import run_own_tests
    from profile_ara import profile_ara
    from written_ara import verify_writes

    _clear()
    claims = Claims()
    with claims.step("endpoints"):
        endpoints = _endpoints(claims)
    with claims.step("own tests"):
        run_own_tests(claims)
    cross(claims, endpoints)
    with claims.step("cached"):
        claim_cached(claims)
    with claims.step("writes"):
        verify_writes(claims)
    with claims.step("profile"):
        profile_ara(claims)
    with claims.step("extract"):
        extract_ara(claims, endpoints)
    claims.report(BUILD / "report.json")
    return 0 if claims.hold else 1


def _clear() -> None:
    shutil.rmtree(BUILD / "state", ignore_errors=True)
    (BUILD / "state").mkdir()
    for file in [*BUILD.glob("*.log"), *BUILD.glob("verify.*"), *BUILD.glob("profile.*")]:
        file.unlink()


def _endpoints(claims: "Claims") -> list[str]:  # noqa: F821
    from processes import run

    known = json.loads((HERE / "ara_endpoints.json").read_text())
    found = run([OWN.program("python"), "ara_endpoints.py"], environment("ara_settings"))
    refused = sum(map(len, known["refused"].values()))
    complete = found.returncode == 0
    value = f"{len(known['bound'])} bound, {refused} refused" if complete else found.stderr[-3000:]
    claims.add("each GET endpoint is bound or refused with a reason", value=value, holds=complete)
    claims.details["refused"] = json.loads(found.stdout) if complete else {}
    checked = run([OWN.program("python"), "-m", "django", "check"], environment("ara_settings"))
    claims.add("system checks", value=(checked.stdout + checked.stderr)[-300:].strip(), holds=checked.returncode == 0)
    return known["bound"]


if __name__ == "__main__":
    sys.exit(main())
