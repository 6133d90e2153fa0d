"""The profile as a JSON document, `strangler.profile/1`; a change that breaks readers raises the number.

    {"schema", "started", "caller", "seconds", "skipped": {reason: requests},
     "endpoints": [{
       "endpoint", "route", "view", "state", "reason", "status", "query": [name], "weight",
       "size", "queries", "writes", "milliseconds", "sql_milliseconds",
       "growth": [{"size", "queries"}],
       "split": {"sql", "serialisation", "rendering", "rest"}, "hot": [{"function", "share"}],
       "cacheable": null | {"serializer", "shared", "total", "fraction", "fields": [{"field", "share", "reason"}]},
       "findings": [{
         "field", "owner", "file", "line", "source", "declared", "statements": [text], "queries", "per_row",
         "growth": [{"size", "queries"}], "same_values", "milliseconds",
         "advice": [{"remedy", "text", "leaves", "removes"}]}],
       "notes": [text]}],
     "ranking": [{"work", "endpoint", "what", "where", "saves", "queries"}]}

`state` is `profiled`, `needs login`, `no sample`, `failed`, `answered otherwise` or `not asked`; of the others than
`profiled` only `reason` and `status` say something. `size`, `queries` and the times are of the request as it was made,
in milliseconds; `saves` is milliseconds times `weight`. Shares are of 1. `statements` hold no values.
"""

import dataclasses
import json
from typing import Any

from strangler_django.profiling.report import Cacheable, EndpointProfile, Report

__all__ = ["SCHEMA", "render"]

SCHEMA = "strangler.profile/1"


def render(report: Report) -> str:
    """The report as JSON text."""
    document = {
        "schema": SCHEMA,
        "started": report.started,
        "caller": report.caller,
        "seconds": round(report.seconds, 3),
        "skipped": dict(report.skipped),
        "endpoints": [_endpoint(found) for found in report.endpoints],
        "ranking": [dataclasses.asdict(step) for step in report.ranking],
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _endpoint(found: EndpointProfile) -> dict[str, Any]:
    document = {entry.name: getattr(found, entry.name) for entry in dataclasses.fields(found)}
    return {
        **document,
        "growth": [dataclasses.asdict(point) for point in found.growth],
        "split": dict(found.split),
        "hot": [{"function": name, "share": share} for name, share in found.hot],
        "cacheable": None if found.cacheable is None else _cacheable(found.cacheable),
        "findings": [dataclasses.asdict(finding) for finding in found.findings],
    }


def _cacheable(found: Cacheable) -> dict[str, Any]:
    return {
        "serializer": found.serializer,
        "shared": found.shared,
        "total": len(found.fields),
        "fraction": found.fraction,
        "fields": [dataclasses.asdict(field) for field in found.fields],
    }
