"""The JSON documents are what their schemas say, key by key and in its order."""

import json
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest

from strangler_shadow import reports
from strangler_shadow.reports import json_document
from strangler_shadow.reports.evidence import json_document as evidence_document
from tests.shadow import sample_gates, sample_reports
from tests.shadow.json_schema import problems
from tests.shadow.test_reports import hostile, many

FOLDER = Path(reports.__file__).parent
REPORT, EVIDENCE = (json.loads((FOLDER / f"{name}.schema.json").read_text()) for name in ("report", "evidence"))
VERIFIED = [sample_reports.sample(), sample_reports.report(), hostile(), many(2)]


@pytest.mark.parametrize("found", VERIFIED)
def test_a_verification_is_as_its_schema_says(found):
    assert problems(json.loads(json_document.render(found)), REPORT) == []


@pytest.mark.parametrize("found", [sample_gates.sample(), sample_gates.report(), sample_gates.million(10)])
def test_evidence_is_as_its_schema_says(found):
    assert problems(json.loads(evidence_document.render(found)), EVIDENCE) == []


def test_the_schemas_carry_the_version_that_the_documents_do():
    assert REPORT["properties"]["schema"] == {"const": json_document.SCHEMA}
    assert EVIDENCE["properties"]["schema"] == {"const": evidence_document.SCHEMA}


def test_keys_are_in_the_schemas_order():
    document = json.loads(evidence_document.render(sample_gates.sample()))
    assert list(document) == list(EVIDENCE["properties"])
    assert list(document["endpoints"][0]) == list(EVIDENCE["$defs"]["endpoint"]["properties"])
    document = json.loads(json_document.render(sample_reports.sample()))
    assert list(document) == list(REPORT["properties"])
    assert list(document["endpoints"][0]) == list(REPORT["$defs"]["endpoint"]["properties"])


def test_a_verification_is_the_same_whatever_order_counts_came_in():
    found = sample_reports.sample()
    turned = [
        replace(
            endpoint,
            **{
                name: dict(reversed(getattr(endpoint, name).items()))
                for name in ("statuses", "callers", "skipped", "parameters", "fields", "values", "hides")
            },
        )
        for endpoint in found.endpoints
    ]
    assert json_document.render(replace(found, endpoints=tuple(turned))) == json_document.render(found)


def damage(document, path, value):
    damaged = deepcopy(document)
    *steps, last = path
    place = damaged
    for step in steps:
        place = place[step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return damaged


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        (["schema"], "strangler.evidence/2", "$.schema: 'strangler.evidence/2' is not the constant"),
        (["verdict"], "FINE", "is not in the enumeration"),
        (["new"], 1, "$: new is not documented"),
        (["endpoints", 0, "bound"], None, "$.endpoints[0]: bound is missing"),
        (["endpoints", 0, "bound"], 1.5, "$.endpoints[0].bound: 1.5 is too large"),
        (["endpoints", 0, "pairs"], 1.5, "$.endpoints[0].pairs: 1.5 is no integer"),
        (["endpoints", 0, "counts", "matched"], -1, "-1 is too small"),
        (["endpoints", 0, "verified", "calls"], "many", "$.endpoints[0].verified: none of the alternatives"),
        (["endpoints", 1, "differences", 0, "only_where"], [1], "only_where[0]: 1 is no string"),
    ],
)
def test_a_document_that_is_not_so_is_found(path, value, problem):
    document = json.loads(evidence_document.render(sample_gates.sample()))
    (found,) = problems(damage(document, path, value), EVIDENCE)
    assert problem in found
