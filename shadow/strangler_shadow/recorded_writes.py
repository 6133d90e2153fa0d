"""Findings of recorded requests that write, without what users wrote in them."""

import json
from dataclasses import replace
from typing import Any

from strangler_shadow.curl import curl_line
from strangler_shadow.observation import Difference, Kind
from strangler_shadow.redact import stand_in
from strangler_shadow.report import Finding

__all__ = ["without_values"]

# Their values are numbers of ours, or have stand-ins already.
PLAIN = frozenset({Kind.STATUS, Kind.LENGTH})


def without_values(finding: Finding) -> Finding:
    """The finding with stand-ins for what was sent, for both answers and for values in which they differ."""
    call = replace(finding.call, body=_shape(finding.call.body), query=_hidden(finding.call.query))
    return replace(
        finding,
        call=call,
        curl=curl_line(call),
        control=replace(finding.control, body=b"", cookies=(), headers=()),
        candidate=replace(finding.candidate, body=b"", cookies=(), headers=()),
        differences=tuple(map(_without_values, finding.differences)),
    )


def _without_values(difference: Difference) -> Difference:
    if difference.kind in PLAIN:
        return difference
    return replace(difference, control=stand_in(difference.control), candidate=stand_in(difference.candidate))


def _shape(body: bytes) -> bytes:
    """The fields of a JSON object with stand-ins, or one for the whole body."""
    try:
        found: Any = json.loads(body)
    except ValueError:
        found = body.decode(errors="replace")
    if not isinstance(found, dict):
        return stand_in(found).encode()
    return json.dumps(
        {name if name.isidentifier() else stand_in(name): stand_in(found[name]) for name in found}
    ).encode()


def _hidden(query: str) -> str:
    return stand_in(query) if query else ""
