from strangler_shadow.pauses import Pauses


def test_a_pause_is_for_one_endpoint_and_rung_and_ends():
    now = [10.0]
    pauses = Pauses(seconds=1, clock=lambda: now[0])
    assert not pauses.is_on("a", "native")
    pauses.start("a", "native")
    assert pauses.is_on("a", "native")
    assert not pauses.is_on("a", "lifted")
    assert not pauses.is_on("b", "native")
    now[0] += 1
    assert not pauses.is_on("a", "native")
