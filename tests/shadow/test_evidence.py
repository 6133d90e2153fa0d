"""Counts come back by epoch, and what belongs to another one stays there."""

from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction

from strangler_shadow import epochs, evidence, stream_sender
from strangler_shadow.bound import Stratum
from strangler_shadow.evidence import Evidence, read_evidence, record_verification
from strangler_shadow.fingerprint import fingerprint_of
from strangler_shadow.models import ShadowCount, ShadowEpoch
from strangler_shadow.tally import Outcome, Tally
from strangler_shadow.verdict import Verdict
from tests.shadow.evidences import NAME, exchange, mirrored

pytestmark = pytest.mark.django_db


@pytest.fixture
def deploy(monkeypatch):
    """Let another build answer from here on."""

    def to(build):
        found = replace(fingerprint_of(NAME, "native"), build=build)
        for module in (epochs, evidence):
            monkeypatch.setattr(module, "fingerprint_of", lambda *_: found)

    return to


def test_what_was_never_mirrored_has_no_evidence():
    found = read_evidence(NAME, "native")
    assert found == Evidence(endpoint=NAME, rung="native", fingerprint=found.fingerprint)


def test_every_copy_comes_back_with_its_outcome_weight_and_reason():
    tally = Tally()
    for outcome in Outcome:
        tally.count(exchange(), outcome, reason="why" if outcome is Outcome.ERRORED else "")
    tally.count(exchange(), Outcome.MATCHED, weight=8)
    tally.drop(exchange(), "queue full")
    tally.flush()
    found = read_evidence(NAME, "native")
    assert found.total() == len(Outcome) + 2
    assert found.counts[Outcome.MATCHED, 8] == 1
    assert (found.total(Outcome.DROPPED), found.pairs, found.left_out) == (2, 4, 3)
    assert found.reasons == {"errored: why": 1, "dropped: queue full": 1}
    assert found.coverage.statuses == {"200": 3}


def test_pairs_are_split_by_weight_and_by_what_counts_as_divergent():
    tally = Tally()
    for weight, outcome in [(1, Outcome.MATCHED), (4, Outcome.MATCHED), (4, Outcome.ERRORED), (4, Outcome.TRANSIENT)]:
        tally.count(exchange(), outcome, weight=weight)
    tally.flush()
    found = read_evidence(NAME, "native")
    assert found.strata(Outcome.ERRORED) == [
        Stratum(pairs=1, divergent=0, weight=1), Stratum(pairs=2, divergent=1, weight=4),
    ]  # fmt: skip
    assert found.strata(Outcome.TRANSIENT, among=(Outcome.TRANSIENT,)) == [Stratum(pairs=1, divergent=1, weight=4)]


def test_what_the_draw_left_out_is_no_loss():
    mirrored(Outcome.DROPPED, reason=stream_sender.THINNED, times=5)
    mirrored(Outcome.DROPPED, reason=stream_sender.QUEUE_FULL, times=2)
    assert read_evidence(NAME, "native").left_out == 2


def test_another_build_begins_another_epoch_and_a_return_goes_on_with_the_first(deploy):
    deploy("one")
    mirrored(times=5)
    deploy("two")
    fresh = read_evidence(NAME, "native")
    assert (fresh.epoch, fresh.pairs, fresh.earlier, fresh.changed) == (0, 0, 5, ("build",))
    mirrored(times=3)
    found = read_evidence(NAME, "native")
    assert (found.epoch, found.pairs, found.earlier) == (2, 3, 5)
    deploy("one")
    mirrored()
    again = read_evidence(NAME, "native")
    assert (again.epoch, again.pairs, again.coverage.compared) == (1, 6, 2)
    assert again.began < found.began < again.latest


def test_rungs_and_endpoints_have_epochs_of_their_own():
    mirrored()
    mirrored(rung="lifted")
    mirrored(endpoint="v1:course-list.get")
    assert set(ShadowEpoch.objects.values_list("number", flat=True)) == {1}
    assert read_evidence(NAME, "lifted").pairs == 1


def test_counts_from_before_there_were_epochs_are_left_out():
    mirrored()
    ShadowCount.objects.update(fingerprint="", count=500)
    assert read_evidence(NAME, "native").pairs == 0


def test_two_epochs_cannot_have_one_number(deploy, monkeypatch):
    deploy("one")
    mirrored()
    monkeypatch.setattr(epochs, "_numbers", lambda *_: 0)
    deploy("two")
    tally = Tally()
    tally.count(exchange(), Outcome.MATCHED)
    with pytest.raises(IntegrityError), transaction.atomic():
        tally.write()
    monkeypatch.undo()
    tally.flush()
    assert tally.is_flushed
    assert ShadowCount.objects.count() == 2


def test_evidence_is_read_in_four_queries_and_a_fifth_where_there_was_another_epoch(deploy, django_assert_num_queries):
    mirrored()
    with django_assert_num_queries(4):
        read_evidence(NAME, "native")
    deploy("two")
    mirrored()
    with django_assert_num_queries(5):
        read_evidence(NAME, "native")


def test_the_newest_verification_of_a_fingerprint_counts(deploy):
    deploy("one")
    record_verification(NAME, "native", verdict=Verdict.DIVERGED, calls=9)
    assert not read_evidence(NAME, "native").is_verified
    record_verification(NAME, "native", verdict=Verdict.EQUIVALENT, calls=120)
    found = read_evidence(NAME, "native")
    assert (found.is_verified, found.verified.calls) == (True, 120)
    deploy("two")
    assert read_evidence(NAME, "native").verified is None
