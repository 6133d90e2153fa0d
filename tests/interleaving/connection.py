"""Django's own connection class over the database within the process: atomic blocks and commit hooks are Django's."""

from django.db.backends.base.features import BaseDatabaseFeatures
from django.db.backends.dummy.base import DatabaseWrapper

from tests.interleaving.database import Database, Session

__all__ = ["SimulatedConnection"]


class _Features(BaseDatabaseFeatures):
    uses_savepoints = True
    has_select_for_update = True
    has_select_for_no_key_update = True


class SimulatedConnection(DatabaseWrapper):
    """One actor's connection."""

    vendor = "simulated"
    features_class = _Features

    def __init__(self, database: Database, alias: str) -> None:
        super().__init__({"TIME_ZONE": None, "CONN_HEALTH_CHECKS": False, "NAME": "simulated"}, alias)
        self.database, self.session = database, Session()

    def reset(self) -> None:
        """As if it had just been opened."""
        self.session = Session()
        self.connection, self.autocommit, self.in_atomic_block = self.session, True, False
        self.needs_rollback, self.closed_in_transaction, self.commit_on_exit = False, False, True
        self.savepoint_ids, self.atomic_blocks, self.run_on_commit = [], [], []
        self.run_commit_hooks_on_set_autocommit_on = False

    def ensure_connection(self) -> None:
        pass

    def close_if_health_check_failed(self) -> None:
        pass

    def _set_autocommit(self, autocommit: bool) -> None:
        self.session.in_transaction = not autocommit

    def _commit(self) -> None:
        self.database.commit(self.session)

    def _rollback(self) -> None:
        self.database.rollback(self.session)

    def _savepoint(self, sid: str) -> None:
        self.session.savepoints.append((sid, self.session.changes))

    def _savepoint_rollback(self, sid: str) -> None:
        while self.session.savepoints:
            name, changes = self.session.savepoints.pop()
            if name == sid:
                self.session.savepoints.append((name, changes))
                self.session.changes = changes
                return

    def _savepoint_commit(self, sid: str) -> None:
        while self.session.savepoints and self.session.savepoints.pop()[0] != sid:
            pass
