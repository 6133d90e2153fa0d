"""What counts as a difference between what two sides would send."""

from dataclasses import replace

from strangler_router.effects import Effect
from strangler_shadow.effect_differences import effect_differences, effect_hides, effect_noise, is_hidden
from strangler_shadow.noise import NO_NOISE


class TestDifferences:
    @staticmethod
    def mail(**document):
        return Effect(kind="mail", name="", document=document)

    def compared(self, left, right, noise=NO_NOISE):
        return [(str(item.kind), item.path) for item in effect_differences(noise, left, right)]

    def test_a_member_that_is_empty_may_be_left_out(self):
        assert self.compared([self.mail(body="a", cc=[], headers={})], [self.mail(body="a")]) == []

    def test_the_order_counts_within_a_name_and_not_between_names(self):
        one, other = (Effect(kind="task", name=name, document={"args": [name]}) for name in "ab")
        assert self.compared([one, other], [other, one]) == []
        first, second = self.mail(body="a"), self.mail(body="b")
        assert self.compared([first, second], [second, first]) == [
            ("value", "effect mail[0].body"), ("value", "effect mail[1].body")
        ]  # fmt: skip

    def test_a_server_counts_once_however_often_it_was_tried(self):
        one = Effect(kind="connection", name="a:1", document={})
        assert self.compared([one], [one, one]) == []
        assert self.compared([one], []) == [("missing", "effect connection a:1")]

    def test_ten_megabytes_are_compared_by_a_hash_and_thousands_by_one(self):
        long = "x" * 10_000_000
        [difference] = effect_differences(NO_NOISE, [self.mail(body=long)], [self.mail(body=long[1:] + "y")])
        assert (difference.kind, difference.path) == ("value", "effect mail[0].body")
        numbers = {"args": list(range(400_000))}
        [difference] = effect_differences(
            NO_NOISE, [Effect(kind="task", name="a", document=numbers)],
            [Effect(kind="task", name="a", document={"args": [*range(399_999), 1]})],
        )  # fmt: skip
        assert (difference.kind, difference.path) == ("value", "effect task a[0].document")
        many = [self.mail(body=str(number)) for number in range(5_000)]
        assert self.compared(many, many) == []
        assert self.compared(many, many[:-1]) != []
        assert self.compared(many, [*many[:-1], self.mail(body="other")]) == [("value", "effect mail[1000].document")]

    def test_what_the_monolith_does_not_repeat_is_no_difference_and_is_named(self):
        one, other = ([self.mail(body=f"token {text}", subject="a")] for text in ("a1b2", "c3d4"))
        noise = effect_noise(one, other)
        assert effect_hides(noise).keys() == {"effect mail[*].body"}
        assert self.compared(one, [self.mail(body="token e5f6", subject="a")], noise) == []
        assert self.compared(one, [self.mail(body="token e5f6", subject="b")], noise) == [
            ("value", "effect mail[0].subject")
        ]  # fmt: skip

    def test_where_the_order_varies_what_lies_below_does_and_how_many_there_are_does_not(self):
        tasks = [Effect(kind="task", name="shop.charge", document={"args": [number]}) for number in range(3)]
        other = Effect(kind="task", name="shop.charges", document={"args": [1]})
        noise = effect_noise(tasks, tasks[::-1])
        assert effect_hides(noise).keys() == {"effect task shop.charge"}
        found = effect_differences(NO_NOISE, tasks, tasks[::-1])
        assert {item.pattern for item in found} == {"effect task shop.charge[*].args[*]"}
        assert all(is_hidden(noise, difference) for difference in found)
        [short] = effect_differences(NO_NOISE, tasks, tasks[:-1])
        [else_where] = effect_differences(NO_NOISE, [other], [replace(other, document={"args": [2]})])
        assert not any(is_hidden(noise, difference) for difference in (short, else_where))
