"""Rows are compared by key and column; what varies by itself is left out no further than that."""

from datetime import datetime, timedelta

import pytest

from strangler_shadow.observation import Kind
from strangler_shadow.row_differences import as_difference, compare_rows, row_noise_of, without_row_noise
from strangler_shadow.rows import Rows, TableRows

COLUMNS = ("id", "name", "at", "token")
NOW = datetime.fromisoformat("2026-03-01 10:00:00")


def rows(*found: tuple, table: str = "thing") -> Rows:
    return {table: TableRows(columns=COLUMNS, rows={(row[0],): row for row in found})}


def kinds(control: Rows, candidate: Rows) -> list[tuple[str, str]]:
    return [(found.kind.value, as_difference(found).path) for found in compare_rows(control, candidate)]


def test_equal_rows_show_nothing():
    assert kinds(rows((1, "a", NOW, "x")), rows((1, "a", NOW, "x"))) == []


def test_rows_and_columns_are_named():
    control = rows((1, "a", NOW, "x"), (2, "b", NOW, "y"), (3, None, NOW, "z"))
    candidate = rows((1, "c", NOW, "x"), (3, "d", NOW, 5), (4, "e", NOW, "w"))
    assert kinds(control, candidate) == [
        ("value", "thing[1].name"),
        ("missing", "thing[2]"),
        ("null", "thing[3].name"),
        ("type", "thing[3].token"),
        ("extra", "thing[4]"),
    ]


def test_values_and_keys_that_are_text_have_stand_ins(settings):
    control, candidate = rows(("ann@example.com", "a", NOW, "x")), rows(("ann@example.com", "b", NOW, "x"))
    [found] = map(as_difference, compare_rows(control, candidate))
    assert "ann" not in found.path
    assert found.pattern == "thing[*].name"
    assert str(found.control).startswith("str(1) #")
    settings.STRANGLER = {**settings.STRANGLER, "SHADOW": {"SHOW": ["thing[*].name"]}}
    [shown] = map(as_difference, compare_rows(control, candidate))
    assert (shown.control, shown.candidate) == ("a", "b")


def test_a_whole_row_has_a_stand_in():
    [found] = map(as_difference, compare_rows(rows((1, "secret", NOW, "x")), {}))
    assert found.kind is Kind.MISSING
    assert "secret" not in str(found)


@pytest.mark.parametrize(
    ("at", "is_seen"),
    [(NOW + timedelta(seconds=5), False), (NOW + timedelta(hours=1), True), (None, True), ("2026-03-01", True)],
)
def test_a_time_that_varies_is_still_of_the_call(at, is_seen):
    again = rows((1, "a", NOW + timedelta(seconds=1), "x"))
    noise = row_noise_of(compare_rows(rows((1, "a", NOW, "x")), again))
    assert noise.columns == {("thing", "at")}
    found = without_row_noise(compare_rows(rows((1, "a", NOW, "x")), rows((1, "a", at, "x"))), noise)
    assert bool(found) is is_seen


def test_noise_of_one_column_hides_no_other():
    noise = row_noise_of(compare_rows(rows((1, "a", NOW, "x")), rows((1, "a", NOW, "y"))))
    assert without_row_noise(compare_rows(rows((1, "a", NOW, "x")), rows((1, "b", NOW, "z"))), noise)
    assert not without_row_noise(compare_rows(rows((1, "a", NOW, "x")), rows((1, "a", NOW, "z"))), noise)


def test_rows_whose_keys_vary_are_compared_without_their_keys():
    noise = row_noise_of(compare_rows(rows(("k1", "a", NOW, "x")), rows(("k2", "a", NOW, "x"))))
    assert noise.tables == {"thing"}
    assert not without_row_noise(compare_rows(rows(("k3", "a", NOW, "x")), rows(("k4", "a", NOW, "x"))), noise)
    changed = without_row_noise(compare_rows(rows(("k3", "a", NOW, "x")), rows(("k4", "b", NOW, "x"))), noise)
    assert {found.kind for found in changed} == {Kind.MISSING, Kind.EXTRA}
    twice = rows(("k4", "a", NOW, "x"), ("k5", "a", NOW, "x"))
    assert without_row_noise(compare_rows(rows(("k3", "a", NOW, "x")), twice), noise)
