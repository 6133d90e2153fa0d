"""The same programs on PostgreSQL and Valkey, through Django's ORM and the serializers themselves."""

import os

import pytest

from tests.interleaving.faults import FAULTS
from tests.interleaving.programs import Program, draw, shortened
from tests.interleaving.stored import Stored

COUNT = int(os.environ.get("STORED_INTERLEAVINGS", "3000"))
FIRST_SEED = int(os.environ.get("INTERLEAVING_SEED", "0"))


def program_of(seed: int) -> Program:
    return shortened(draw(seed, weathers=("calm", "calm", "evictions")))


@pytest.mark.timeout(600 + COUNT // 5)
def test_no_read_after_a_commit_shows_older_data_on_postgresql_and_valkey(histories: Stored) -> None:
    for seed in range(FIRST_SEED, FIRST_SEED + COUNT):
        failure = histories.attempt(seed, program_of(seed))
        assert not failure, failure


@pytest.mark.parametrize(
    "name",
    [
        "the stamp is read after the database",
        "stamps are renewed before the commit",
        "the old foreign key is forgotten",
        "the table's stamp is ignored",
    ],
)
def test_a_planted_fault_is_found_on_postgresql_and_valkey(name: str, histories: Stored) -> None:
    with FAULTS[name]():
        number = next((number for number in range(1, 500) if histories.attempt(number, program_of(number))), None)
    assert number is not None
    print(f"{name}: found after {number} interleavings")
