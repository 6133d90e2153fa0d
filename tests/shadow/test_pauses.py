from strangler_shadow.pauses import Pauses


def test_a_pause_is_for_one_endpoint_and_rung_and_ends():
    now = [10.0]
    pauses = Pauses(clock=lambda: now[0])
    assert not pauses.is_on("a", "native")
    pauses.start("a", "native")
    assert pauses.is_on("a", "native")
    assert not pauses.is_on("a", "lifted")
    assert not pauses.is_on("b", "native")
    now[0] += 1
    assert not pauses.is_on("a", "native")


def test_pauses_double_up_to_half_a_minute_until_the_service_answers():
    now = [0.0]
    pauses = Pauses(clock=lambda: now[0])

    def length():
        pauses.start("a", "native")
        began = now[0]
        while pauses.is_on("a", "native"):
            now[0] += 0.5
        return now[0] - began

    assert [length() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    pauses.end("a", "native")
    assert length() == 1
