"""The columns of the monolith's tables that this service reads and writes."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    Integer,
    Interval,
    MetaData,
    Numeric,
    String,
    Table,
    Uuid,
)

from strangler_services.stamps import JOURNAL_TABLE

__all__ = [
    "courses",
    "courses_topics",
    "educators",
    "enrolments",
    "journal",
    "learners",
    "lessons",
    "reviews",
    "topics",
]

metadata = MetaData()

courses = Table(
    "catalog_course",
    metadata,
    Column("id", BigInteger),
    Column("title", String),
    Column("slug", String),
    Column("summary", String),
    Column("level", String),
    Column("language", String),
    Column("price", Numeric(9, 2)),
    Column("rating", Float),
    Column("is_free", Boolean),
    Column("is_published", Boolean),
    Column("published_at", DateTime(timezone=True)),
    Column("updated_at", DateTime(timezone=True)),
    Column("starts_on", Date),
    # Django keeps durations as microseconds where the database has no interval.
    Column("length", BigInteger().with_variant(Interval(native=True), "postgresql")),
    Column("external_id", Uuid),
    Column("syllabus", String),
    Column("metadata", JSON),
    Column("educator_id", BigInteger),
)
educators = Table(
    "catalog_educator",
    metadata,
    Column("id", BigInteger),
    Column("name", String),
    Column("bio", String),
    Column("photo", String),
    Column("website", String),
    Column("joined_at", DateTime(timezone=True)),
)
topics = Table("catalog_topic", metadata, Column("id", BigInteger), Column("slug", String), Column("name", String))
courses_topics = Table(
    "catalog_course_topics", metadata, Column("course_id", BigInteger), Column("topic_id", BigInteger)
)
lessons = Table(
    "catalog_lesson",
    metadata,
    Column("id", BigInteger),
    Column("course_id", BigInteger),
    Column("position", Integer),
    Column("title", String),
    Column("minutes", Integer),
    Column("video", String),
    Column("is_preview", Boolean),
    Column("created_at", DateTime(timezone=True)),
)
learners = Table(
    "learning_learner",
    metadata,
    Column("id", BigInteger),
    Column("user_id", BigInteger),
    Column("display_name", String),
)
enrolments = Table(
    "learning_enrolment",
    metadata,
    Column("id", BigInteger),
    Column("course_id", BigInteger),
    Column("learner_id", BigInteger),
    Column("status", String),
    Column("progress", Numeric(5, 2)),
    Column("enrolled_at", DateTime(timezone=True)),
    Column("completed_at", DateTime(timezone=True)),
    Column("certificate_id", Uuid),
)
reviews = Table(
    "learning_review",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("course_id", BigInteger),
    Column("learner_id", BigInteger),
    Column("stars", Integer),
    Column("text", String),
    Column("created_at", DateTime(timezone=True)),
)
journal = Table(
    JOURNAL_TABLE,
    metadata,
    Column("model", String),
    Column("row", String),
    Column("token", String),
    Column("settled", Boolean),
    Column("written_at", DateTime(timezone=True)),
)
