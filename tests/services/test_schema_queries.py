"""What SQLAlchemy sends is collected as the database reads it, one statement for all lengths of a list."""

import pytest
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, create_engine, insert, select, text, tuple_

from strangler_services.queries import record

books = Table("book", MetaData(), Column("id", Integer, primary_key=True), Column("title", String))


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, tmp_path):
    if request.param == "sqlite":
        engine = create_engine(f"sqlite:///{tmp_path / 'books.sqlite3'}")
    else:
        engine = create_engine(request.getfixturevalue("postgres_socket")[1])
    books.create(engine)
    yield engine
    books.drop(engine)
    engine.dispose()


def sent(engine: Engine, *statements, parameters=None) -> list[str]:
    with record(engine) as found, engine.begin() as connection:
        for statement in statements:
            connection.execute(statement, parameters)
    return sorted(" ".join(sql.split()) for sql in found)


def placeholder(engine: Engine, number: int, cast: str = "") -> str:
    return "?" if engine.dialect.name == "sqlite" else f"${number}{cast}"


def test_lists_of_all_lengths_are_one_statement_and_an_empty_one_is_another(engine):
    queries = [select(books.c.id).where(books.c.id.in_(range(length)), books.c.title == "x") for length in (3, 1, 30)]
    one, two = placeholder(engine, 1, "::INTEGER"), placeholder(engine, 2, "::VARCHAR")
    assert sent(engine, *queries) == [f"SELECT book.id FROM book WHERE book.id IN ({one}) AND book.title = {two}"]
    [empty] = sent(engine, select(books.c.id).where(books.c.id.in_([])))
    assert "!=" in empty
    again = sent(engine, *queries[1:])
    assert len(again) == 1
    assert "!=" not in again[0]


def test_a_list_of_pairs_is_brought_to_one_pair(engine):
    pairs = tuple_(books.c.id, books.c.title)
    queries = [select(books.c.id).where(pairs.in_([(number, "x") for number in range(length)])) for length in (12, 1)]
    [one] = sent(engine, *queries)
    assert one.endswith("IN (($1, $2))" if engine.dialect.name == "postgresql" else "IN (VALUES (?, ?))")


def test_two_lists_in_one_statement_are_both_brought_to_one_value(engine):
    queries = [
        select(books.c.id).where(books.c.id.in_(range(1, 1 + first)), books.c.title.in_(["x"] * second))
        for first, second in ((1, 3), (2, 1), (4, 4))
    ]
    assert len(sent(engine, *queries)) == 1


def test_an_insert_of_many_rows_is_the_insert_of_one(engine):
    rows = [{"id": number, "title": "x"} for number in range(3)]
    one, two = placeholder(engine, 1, "::INTEGER"), placeholder(engine, 2, "::VARCHAR")
    assert sent(engine, insert(books), parameters=rows) == [f"INSERT INTO book (id, title) VALUES ({one}, {two})"]
    returning = insert(books).returning(books.c.id)
    rows = [{"id": number + 10, "title": "x"} for number in range(3)]
    with record(engine) as found, engine.begin() as connection:
        connection.execute(returning, rows)
    assert len(found) == 1
    assert next(iter(found)).count(")") == 2


def test_text_is_kept_as_it_is_and_a_name_used_twice_is_one_parameter(engine):
    query = text("SELECT id FROM book WHERE title LIKE '%:x%' ESCAPE '!' OR title = :name OR title = :name")
    shown = sent(engine, text(query.text.replace("%:x%", "%x%")), parameters={"name": "x"})
    one, again = placeholder(engine, 1), placeholder(engine, 1)
    assert shown == [f"SELECT id FROM book WHERE title LIKE '%x%' ESCAPE '!' OR title = {one} OR title = {again}"]


def test_transactions_and_settings_are_no_queries(engine):
    with record(engine) as found, engine.begin() as connection:
        connection.exec_driver_sql("SAVEPOINT a")
        connection.exec_driver_sql("RELEASE SAVEPOINT a")
        connection.exec_driver_sql("SELECT 1")
        Table("shelf", MetaData(), Column("id", Integer)).create(connection)
        connection.rollback()
    assert found == {"SELECT 1"}


def test_nothing_is_collected_after_the_block(engine):
    with record(engine) as found:
        pass
    with engine.connect() as connection:
        connection.execute(select(books))
    assert found == set()
