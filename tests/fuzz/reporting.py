"""A failing episode in print: the code, what was done, and where the answers part."""

from typing import Any

from tests.fuzz.comparing import Mismatch
from tests.fuzz.episodes import Episode, Step


def report(episode: Episode, mismatch: Mismatch) -> str:
    lines = [f"{mismatch.kind}: {mismatch.case}", ""]
    lines += [blueprint.text(ours=True) for blueprint in episode.blueprints]
    lines.append(str(episode.population))
    for number, step in enumerate(episode.steps):
        lines.append(f"step {number}: {_said(step)}")
        if step.redeployed:
            lines.append(step.redeployed[1].text(ours=True))
        lines += [f"    {write}" for write in step.writes]
        lines += [f"    reads {case}" for case in step.cases]
    return "\n".join([*lines, "", *difference(mismatch.plain, mismatch.ours)])


def difference(plain: Any, ours: Any) -> list[str]:
    """Some text of both around the first character that differs."""
    first, second = (value if isinstance(value, str) else repr(value) for value in (plain, ours))
    at = next((at for at, (one, other) in enumerate(zip(first, second, strict=False)) if one != other), 0)
    start = max(0, at - 150)
    return [f"plain: ...{first[start : at + 250]}", f"ours:  ...{second[start : at + 250]}"]


def _said(step: Step) -> str:
    parts = [step.fault, step.ending if step.writes else "", "looks inside" if step.looks_inside else ""]
    parts += [f"{name} {value}" for name in ("settings", "renderer") if (value := getattr(step, name))]
    return ", ".join([*filter(None, parts), *(["redeployed"] if step.redeployed else [])])
