from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from random import Random
from uuid import UUID

from django.db.models import Model
from django.utils.text import slugify

from academy.catalog.models import Course, Educator, Lesson, Topic
from academy.seeding import oddities, prose
from academy.seeding.oddities import mix
from academy.seeding.plan import BASE_DATE, Plan

TOPICS = {
    "algebra": "Algebra", "arabic": "العربية", "art": "Art & <b>Design</b>", "biology": "Biology", "c-plus-plus": "C++",
    "chemistry": "Chemistry", "chinese": "中文", "commerce": "Commerce", "cooking": "Cooking", "data": "Data",
    "economics": "Économie", "engineering": "Engineering", "film": "Film \U0001f3ac", "history": "History",
    "law": "Law", "literature": "Literature", "math-2": "Math \\ Stats", "medicine": "Medicine", "music": "Music",
    "nature": "Natur", "philosophy": "Φιλοσοφία", "physics": "Physics", "rock-n-roll": "Rock 'n' \"Roll\"",
    "writing": "Writing", "zoology": "Zoology",
}  # fmt: skip
# No course has the last one.
USED_TOPICS = range(1, len(TOPICS))
KNOWN_LEVELS = Course.Level.values


def moment(dice: Random) -> datetime:
    """A time in the ten years before the base date: to the second, the millisecond or the microsecond."""
    fraction = dice.choice((0, dice.randrange(1000) * 1000, dice.randrange(1_000_000)))
    return BASE_DATE - timedelta(seconds=dice.randrange(10 * 365 * 86_400), microseconds=fraction)


def uuid(dice: Random) -> UUID:
    return UUID(int=dice.getrandbits(128), version=4)


def topics() -> Iterator[Topic]:
    for pk, (slug, name) in enumerate(TOPICS.items(), start=1):
        yield Topic(id=pk, slug=slug, name=name)


def educators(plan: Plan) -> Iterator[Educator]:
    dice = plan.dice("educators")
    for pk in range(1, plan.educators + 1):
        file_name = mix(pk, oddities.FILE_NAMES, "" if pk % 7 in (1, 2) else f"portrait-{pk}.jpg")
        yield Educator(
            id=pk,
            name=mix(pk + 1, oddities.TEXTS, prose.name(dice))[:120],
            bio=mix(pk, oddities.TEXTS, prose.sentences(dice, dice.randrange(5)), every=2),
            photo=file_name and f"educators/{file_name}",
            website=mix(pk, oddities.WEBSITES, f"https://educators.example/{pk}", every=2),
            joined_at=mix(pk, oddities.MOMENTS, moment(dice)),
        )


def courses(plan: Plan) -> Iterator[Course]:
    dice = plan.dice("courses")
    for pk in range(1, plan.courses + 1):
        title = mix(pk + 1, oddities.TEXTS, prose.title(dice), every=2)
        price = mix(pk, oddities.PRICES, Decimal(dice.randrange(100_00)) / 100, every=4)
        published = pk % 10 != 0
        syllabus = mix(pk + 2, oddities.FILE_NAMES, "" if dice.random() < 0.3 else f"syllabus-{pk}.pdf")
        yield Course(
            id=pk,
            title=title,
            slug=f"{slugify(title, allow_unicode=True)[:200]}-{pk}".lstrip("-"),
            summary=summary(pk, dice),
            level=mix(pk, oddities.LEVELS, dice.choice(KNOWN_LEVELS), every=23),
            language=mix(pk + 1, oddities.LANGUAGES, "en", every=4),
            price=price,
            rating=mix(pk + 2, oddities.RATINGS, round(dice.uniform(1, 5), 2)),
            is_free=price == 0,
            is_published=published,
            published_at=mix(pk + 1, [None, *oddities.MOMENTS], moment(dice), every=4) if published else None,
            updated_at=mix(pk + 3, oddities.MOMENTS, moment(dice), every=4),
            starts_on=mix(pk + 1, oddities.DATES, moment(dice).date()),
            length=mix(pk, oddities.DURATIONS, timedelta(minutes=dice.randrange(30, 6000))),
            external_id=mix(pk, oddities.UUIDS, uuid(dice), every=19),
            syllabus=syllabus and f"syllabi/{syllabus}",
            metadata=mix(
                pk + 1, oddities.METADATA, {"weeks": dice.randint(1, 16), "tags": dice.sample(prose.WORDS, 3)}
            ),
            # The last two educators teach nothing.
            educator_id=dice.randint(1, plan.educators - 2),
        )


def summary(pk: int, dice: Random) -> str:
    if pk % 39 == 1:  # never in the place of an odd text
        return prose.essay(dice, dice.randint(4_000, 20_000))
    return mix(pk, oddities.TEXTS, prose.sentences(dice, dice.randint(1, 6)))


def course_topics(plan: Plan) -> Iterator[Model]:
    dice, pks = plan.dice("topics"), count(1)
    for course in range(1, plan.courses + 1):
        for topic in dice.sample(USED_TOPICS, k=0 if course % 7 == 0 else dice.randint(1, 5)):
            yield Course.topics.through(id=next(pks), course_id=course, topic_id=topic)


def lesson_count(course: int, dice: Random) -> int:
    if course % 29 == 0:
        return 0
    return 30 if course % 31 == 0 else int(dice.triangular(0, 31, 0))


def lessons(plan: Plan) -> Iterator[Lesson]:
    dice, pks = plan.dice("lessons"), count(1)
    for course in range(1, plan.courses + 1):
        first = course % 2
        for position in range(first, first + lesson_count(course, dice)):
            pk = next(pks)
            file_name = mix(pk, oddities.FILE_NAMES, "" if dice.random() < 0.5 else f"lesson-{pk}.mp4", every=5)
            yield Lesson(
                id=pk,
                course_id=course,
                # Legacy rows with a marker position: the largest that the column holds.
                position=2**31 - 1 if pk % 500 == 3 else position,
                title=mix(pk, oddities.TEXTS, f"{position}. {prose.title(dice)}", every=4),
                minutes=mix(pk, [None, 0, 2**31 - 1], dice.randint(3, 90), every=6),
                video=file_name and f"videos/{file_name}",
                is_preview=position == first,
                created_at=mix(pk, oddities.MOMENTS, moment(dice), every=11),
            )
