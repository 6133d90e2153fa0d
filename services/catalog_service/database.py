"""The monolith's database, read only."""

from sqlalchemy import Engine, create_engine, text

__all__ = ["is_reachable", "open_database"]


def open_database(url: str, *, connections: int = 16) -> Engine:
    """An engine for `postgresql+psycopg://…` or `sqlite:///PATH`; nothing is connected before the first query."""
    if url.startswith("sqlite:///"):
        path = url.removeprefix("sqlite:///")
        return create_engine(f"sqlite:///file:{path}?mode=ro&uri=true", pool_size=connections)
    return create_engine(
        url, pool_size=connections, pool_pre_ping=True, execution_options={"postgresql_readonly": True}
    )


def is_reachable(engine: Engine) -> bool:
    """Whether the database answers; for readiness."""
    with engine.connect() as connection:
        return connection.execute(text("SELECT 1")).scalar() == 1
