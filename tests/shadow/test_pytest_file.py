"""Findings on generated rows as source: each edge comes back as it was."""

import ast
from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from strangler_shadow.edges import edges_of
from strangler_shadow.reports.pytest_file import render
from strangler_shadow.scenes import Scene
from tests.shadow.sample_reports import diverged, finding, observation, report

COLUMNS = [
    column
    for model in apps.get_models()
    for column in model._meta.concrete_fields
    if model._meta.app_label in ("catalog", "learning")
]


@pytest.mark.parametrize("column", COLUMNS, ids=str)
@pytest.mark.django_db
def test_each_edge_of_a_column_is_written_as_python_reads_it(column):
    scenes = [
        Scene(model=column.model._meta.label, tie="educator", values={column.name: value})
        for value in edges_of(column, connection)
    ]
    assert rows_in(render(report(_found(*scenes)))) == [{"417": scene} for scene in scenes]


def test_a_test_without_generated_rows_imports_nothing():
    text = render(report(diverged(finding(observation({"text": "Decimal(1)"}), observation({"text": "UUID(1)"})))))
    assert "import" not in text


def _found(*scenes: Scene) -> Any:
    one = finding(observation({"count": 1}), observation({"count": 2}), path="/api/v1/courses/417/")
    return diverged(*(replace(one, rows={"417": scene}) for scene in scenes))


def rows_in(source: str) -> list[dict[str, Scene]]:
    """What the tests of a file would make first."""
    names: dict[str, Any] = {}
    exec(source, names)
    assigned = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assign))
    made = [node.value for node in assigned if ast.unparse(node.targets[0]) == "rows"]
    return [eval(compile(ast.Expression(node), "rows", "eval"), names) for node in made]
