import pytest

from strangler_django.profiling.queries import fingerprint

STATEMENTS = {
    "SELECT a FROM t WHERE b = 'it''s' AND c = -1.5e3": "SELECT a FROM t WHERE b = ? AND c = -?",
    "SELECT a FROM t WHERE b IN (%s, %s,  %s)": "SELECT a FROM t WHERE b IN (…)",
    "SELECT a FROM t WHERE b IN (1)": "SELECT a FROM t WHERE b IN (…)",
    "SELECT a FROM t WHERE b IN (%s::uuid, %s::uuid)": "SELECT a FROM t WHERE b IN (…)",
    'SELECT "T3"."a1" FROM t T3 LIMIT 21': 'SELECT "T3"."a1" FROM t T3 LIMIT ?',
    "SELECT a -- for jane\nFROM t /* user 5 */ WHERE b = X'ff'": "SELECT a FROM t WHERE b = ?",
    "SELECT $$jane$$, $tag$o'hara$tag$": "SELECT ?, ?",
    r"SELECT a WHERE b = E'it\'s jane' AND c = 1": "SELECT a WHERE b = ? AND c = ?",
    r"SELECT a WHERE b = 'back\' AND c = 'jane'": "SELECT a WHERE b = ? AND c = ?",
    "SELECT a WHERE b = 'jane": "SELECT a WHERE b = …",
    "SELECT 0xFF, .5, a.b2, U&'jane'": "SELECT ?, ?, a.b2, ?",
}


@pytest.mark.parametrize("sql", STATEMENTS)
def test_a_statement_keeps_its_shape_and_no_value(sql):
    assert fingerprint(sql) == STATEMENTS[sql]


def test_mysql_s_backslashes_and_double_quotes_are_values():
    assert fingerprint(r"SELECT `a` FROM t WHERE b = 'it\'s' AND c = \"jane\" # x".replace('\\"', '"'), "mysql") == (
        "SELECT `a` FROM t WHERE b = ? AND c = ?"
    )
