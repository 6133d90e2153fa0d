"""Programs drawn from a seed: what each reader, each writer and the weather does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from tests.interleaving.scripts import Op, Script, op

__all__ = ["INITIAL", "SMALL", "Program", "draw", "shortened"]

INITIAL = {
    "course": {1: {"id": 1, "title": "one", "educator_id": 1}, 2: {"id": 2, "title": "two", "educator_id": 2}},
    "educator": {1: {"id": 1, "name": "Ada"}, 2: {"id": 2, "name": "Bo"}, 3: {"id": 3, "name": "Cy"}},
    "lesson": {
        1: {"id": 1, "title": "first", "course_id": 1, "minutes": 5},
        2: {"id": 2, "title": "second", "course_id": 2, "minutes": 6},
    },
    "topic": {1: {"id": 1, "name": "art"}, 2: {"id": 2, "name": "law"}},
    "link": {(1, 1): {"id": (1, 1), "course_id": 1, "topic_id": 1}},
    "journal": {},
}
"""Two of each, and an educator without courses; the first topic is on the first course."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """Scripts that run at once; `warm` starts with all bodies stored."""

    writers: tuple[Script, ...]
    readers: tuple[Script, ...]
    last: Op
    """Read when all is over."""
    weather: Script = ()
    warm: bool = True

    def __str__(self) -> str:
        named = [(f"w{at}", script) for at, script in enumerate(self.writers, 1)]
        named += [(f"r{at}", script) for at, script in enumerate(self.readers, 1)]
        lines = [
            f"  {name}: {'; '.join(map(str, script))}"
            for name, script in [*named, ("weather", self.weather), ("last", (self.last,))]
            if script
        ]
        return "\n".join([f"  {'warm' if self.warm else 'cold'} cache", *lines])


_THEMES: dict[str, Sequence[Op]] = {
    "titles": [op("rename_course", 1), op("rename_course", 2), op("update_courses", (1, 2)), op("touch_table", (1, 2))],
    "lessons": [
        op("move_lesson", 1, 2), op("move_lesson", 1, 1), op("create_lesson", 1), op("delete_lesson", 1),
        op("retime_lesson", 1, 9), op("rename_lesson", 1), op("update_lessons", (1, 2)), op("move_lessons", (1,), 2),
    ],
    "educators": [
        op("rename_educator", 1), op("rename_course", 1), op("rename_educator", 2), op("move_course", 1, 2),
        op("move_course", 2, 1), op("update_educators", (1, 2)), op("create_lesson", 1),
    ],
    "taught": [
        op("move_lesson", 1, 2), op("move_course", 1, 2), op("move_course", 2, 1), op("move_course", 1, 3),
        op("create_lesson", 1),
    ],
    "topics": [
        op("add_topic", 1, 2), op("remove_topic", 1, 1), op("clear_topics", 1), op("rename_topic", 1),
        op("add_course", 1, 2), op("remove_course", 1, 1), op("clear_courses", 1), op("delete_topic", 1),
        op("add_topic", 2, 1),
    ],
    "deletes": [
        op("delete_course", 1), op("delete_lesson", 1), op("create_lesson", 1), op("rename_course", 1),
        op("move_lesson", 2, 1),
    ],
}  # fmt: skip
_READS = {
    "titles": [op("card", None), op("card", 1), op("page", 1)],
    "lessons": [op("card", None), op("page", 1), op("page", None), op("educator", None)],
    "educators": [op("card", None), op("page", 1), op("educator", None)],
    "taught": [op("educator", None)],
    "topics": [op("card", None), op("card", 1)],
    "deletes": [op("card", None), op("card", 1), op("page", 1), op("educator", None)],
}
_TIES = ("move_course", "move_lesson", "move_lessons", "add_topic", "add_course")
"""What ties a row to one that another transaction is writing; if that dies before it asks again, nobody knows."""
_WEATHERS = ("calm", "calm", "evictions", "restarts", "outages", "deaths")


def draw(seed: int, *, themes: Sequence[str] = tuple(_THEMES), weathers: Sequence[str] = _WEATHERS) -> Program:
    """The program of a seed; it writes and reads what belongs to one of the themes."""
    random = Random(f"program {seed}")
    theme = random.choice(themes)
    weather = random.choice(weathers)
    ops = [one for one in _THEMES[theme] if weather != "deaths" or one.name not in _TIES]
    writers = tuple(_writer(random, theme, ops) for _ in range(2 if random.random() < 0.8 else 3))
    readers = tuple(_reader(random, theme) for _ in range(2))
    return Program(
        writers=writers,
        readers=readers,
        weather=_weather(random, weather),
        last=random.choice(_READS[theme]),
        warm=random.random() < 0.8,
    )


def shortened(program: Program) -> Program:
    """Two writers of one operation or block each, two readers of one read each."""
    return replace(
        program,
        writers=tuple(script[:1] for script in program.writers[:2]),
        readers=tuple(script[:1] for script in program.readers),
    )


def _writer(random: Random, theme: str, ops: Sequence[Op]) -> Script:
    return tuple(_block(random, theme, ops) for _ in range(1 if random.random() < 0.7 else 2))


def _block(random: Random, theme: str, ops: Sequence[Op]) -> Op:
    chance = random.random()
    if chance < 0.3:
        return random.choice(ops)
    inner = [random.choice(ops) for _ in range(1 if random.random() < 0.6 else 2)]
    if random.random() < 0.2:
        name = random.choice(["savepoint", "rolled_back"])
        inner = [op(name, inner=inner)] + ([random.choice(inner)] if random.random() < 0.7 else [])
    if random.random() < 0.3:
        inner.append(random.choice(_READS[theme]))
    if random.random() < 0.05:
        # What it writes is nobody's to read before `invalidate`, nor to store.
        inner = [op("update_silently", 1), op("peek", "card", None), op("update_courses", (1,)), *inner]
    return op("atomic" if chance < 0.85 else "rolled_back", inner=inner)


def _reader(random: Random, theme: str) -> Script:
    reads = [random.choice(_READS[theme]) for _ in range(1 if random.random() < 0.5 else 2)]
    if random.random() < 0.1:
        return (op("repeatable" if random.random() < 0.5 else "atomic", inner=reads),)
    return tuple(reads)


def _weather(random: Random, kind: str) -> Script:
    if kind == "calm":
        return ()
    if kind == "evictions":
        every = [op("evict", random.randrange(100)) for _ in range(3)]
        return (*every, op("sleep", random.choice([0.01, 2.5, 4000])))
    if kind == "restarts":
        return (op("save"), op("restart", random.choice(["empty", "dump"])), op("probe"), op("probe"))
    if kind == "outages":
        begin, end = random.choice([("hang", "resume"), ("stop", "start"), ("cut", "mend"), ("lose", "probe")])
        victim = (random.randrange(4),) if begin == "cut" else ()
        return (op(begin, *victim), op("probe"), op(end), op("probe"), op("probe"))
    death = "die" if random.random() < 0.3 else "die_committed"
    return (op(death, random.randrange(2)), op("sleep", random.choice([0.01, 2.5])))


_LESSON_MOVED = (op("atomic", inner=[op("move_lesson", 1, 2)]),)
SMALL: tuple[tuple[Program, int], ...] = tuple(
    (Program(writers=writers, readers=readers, last=readers[0][0], warm=warm), interruptions)
    for interruptions, writers, readers, warm in [
        (1, ((op("rename_course", 1),), (op("rename_course", 1),)), ((op("card", 1),), (op("card", 1),)), True),
        (2, ((op("rename_educator", 1),), (op("move_course", 2, 1),)), ((op("card", 2),), (op("card", 2),)), True),
        (2, ((op("move_lesson", 1, 2),), (op("move_lesson", 1, 1),)), ((op("card", 2),), (op("card", 2),)), True),
        (2, (_LESSON_MOVED, (op("move_course", 1, 3),)), ((op("educator", 3),), (op("educator", 3),)), True),
        (1, ((op("add_topic", 1, 2),), (op("rename_topic", 2),)), ((op("card", 1),), (op("card", 1),)), False),
        (1, ((op("create_lesson", 1),), (op("delete_lesson", 1),)), ((op("page", 1),), (op("card", 1),)), True),
        (1, ((op("update_courses", (1,)),), (op("delete_course", 1),)), ((op("card", 1),), (op("card", 1),)), False),
    ]
)
"""Programs that are short enough to try all orders in which actors are interrupted at most so many times."""
