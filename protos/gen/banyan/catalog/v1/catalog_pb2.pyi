from google.api import annotations_pb2 as _annotations_pb2
from strangler_protos.v1 import http_pb2 as _http_pb2
from strangler_protos.v1 import options_pb2 as _options_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ListCoursesRequest(_message.Message):
    __slots__ = ("page", "page_size", "level", "language", "is_free", "min_price", "max_price", "topic", "search", "ordering", "strangler_http")
    PAGE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    IS_FREE_FIELD_NUMBER: _ClassVar[int]
    MIN_PRICE_FIELD_NUMBER: _ClassVar[int]
    MAX_PRICE_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    SEARCH_FIELD_NUMBER: _ClassVar[int]
    ORDERING_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_HTTP_FIELD_NUMBER: _ClassVar[int]
    page: str
    page_size: str
    level: str
    language: str
    is_free: str
    min_price: str
    max_price: str
    topic: str
    search: str
    ordering: str
    strangler_http: _http_pb2.HttpRequest
    def __init__(self, page: _Optional[str] = ..., page_size: _Optional[str] = ..., level: _Optional[str] = ..., language: _Optional[str] = ..., is_free: _Optional[str] = ..., min_price: _Optional[str] = ..., max_price: _Optional[str] = ..., topic: _Optional[str] = ..., search: _Optional[str] = ..., ordering: _Optional[str] = ..., strangler_http: _Optional[_Union[_http_pb2.HttpRequest, _Mapping]] = ...) -> None: ...

class ListCoursesResponse(_message.Message):
    __slots__ = ("count", "next", "previous", "results", "strangler_http", "strangler_overflow")
    COUNT_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    PREVIOUS_FIELD_NUMBER: _ClassVar[int]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_HTTP_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_OVERFLOW_FIELD_NUMBER: _ClassVar[int]
    count: int
    next: str
    previous: str
    results: _containers.RepeatedCompositeFieldContainer[Course]
    strangler_http: _http_pb2.HttpResult
    strangler_overflow: _containers.RepeatedCompositeFieldContainer[_http_pb2.Overflow]
    def __init__(self, count: _Optional[int] = ..., next: _Optional[str] = ..., previous: _Optional[str] = ..., results: _Optional[_Iterable[_Union[Course, _Mapping]]] = ..., strangler_http: _Optional[_Union[_http_pb2.HttpResult, _Mapping]] = ..., strangler_overflow: _Optional[_Iterable[_Union[_http_pb2.Overflow, _Mapping]]] = ...) -> None: ...

class Course(_message.Message):
    __slots__ = ("id", "title", "slug", "summary", "level", "level_label", "language", "price", "rating", "is_free", "published_at", "updated_at", "starts_on", "length", "external_id", "syllabus", "metadata", "educator", "topics", "lesson_count", "review_count", "is_enrolled", "strangler_http", "strangler_overflow")
    ID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    SLUG_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    LEVEL_FIELD_NUMBER: _ClassVar[int]
    LEVEL_LABEL_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    RATING_FIELD_NUMBER: _ClassVar[int]
    IS_FREE_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_AT_FIELD_NUMBER: _ClassVar[int]
    UPDATED_AT_FIELD_NUMBER: _ClassVar[int]
    STARTS_ON_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_ID_FIELD_NUMBER: _ClassVar[int]
    SYLLABUS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    EDUCATOR_FIELD_NUMBER: _ClassVar[int]
    TOPICS_FIELD_NUMBER: _ClassVar[int]
    LESSON_COUNT_FIELD_NUMBER: _ClassVar[int]
    REVIEW_COUNT_FIELD_NUMBER: _ClassVar[int]
    IS_ENROLLED_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_HTTP_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_OVERFLOW_FIELD_NUMBER: _ClassVar[int]
    id: int
    title: str
    slug: str
    summary: str
    level: str
    level_label: str
    language: str
    price: str
    rating: float
    is_free: bool
    published_at: str
    updated_at: str
    starts_on: str
    length: str
    external_id: str
    syllabus: str
    metadata: str
    educator: CourseEducator
    topics: _containers.RepeatedCompositeFieldContainer[Topic]
    lesson_count: int
    review_count: int
    is_enrolled: bool
    strangler_http: _http_pb2.HttpResult
    strangler_overflow: _containers.RepeatedCompositeFieldContainer[_http_pb2.Overflow]
    def __init__(self, id: _Optional[int] = ..., title: _Optional[str] = ..., slug: _Optional[str] = ..., summary: _Optional[str] = ..., level: _Optional[str] = ..., level_label: _Optional[str] = ..., language: _Optional[str] = ..., price: _Optional[str] = ..., rating: _Optional[float] = ..., is_free: _Optional[bool] = ..., published_at: _Optional[str] = ..., updated_at: _Optional[str] = ..., starts_on: _Optional[str] = ..., length: _Optional[str] = ..., external_id: _Optional[str] = ..., syllabus: _Optional[str] = ..., metadata: _Optional[str] = ..., educator: _Optional[_Union[CourseEducator, _Mapping]] = ..., topics: _Optional[_Iterable[_Union[Topic, _Mapping]]] = ..., lesson_count: _Optional[int] = ..., review_count: _Optional[int] = ..., is_enrolled: _Optional[bool] = ..., strangler_http: _Optional[_Union[_http_pb2.HttpResult, _Mapping]] = ..., strangler_overflow: _Optional[_Iterable[_Union[_http_pb2.Overflow, _Mapping]]] = ...) -> None: ...

class CourseEducator(_message.Message):
    __slots__ = ("id", "name", "photo", "strangler_overflow")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PHOTO_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_OVERFLOW_FIELD_NUMBER: _ClassVar[int]
    id: int
    name: str
    photo: str
    strangler_overflow: _containers.RepeatedCompositeFieldContainer[_http_pb2.Overflow]
    def __init__(self, id: _Optional[int] = ..., name: _Optional[str] = ..., photo: _Optional[str] = ..., strangler_overflow: _Optional[_Iterable[_Union[_http_pb2.Overflow, _Mapping]]] = ...) -> None: ...

class Topic(_message.Message):
    __slots__ = ("slug", "name", "strangler_overflow")
    SLUG_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_OVERFLOW_FIELD_NUMBER: _ClassVar[int]
    slug: str
    name: str
    strangler_overflow: _containers.RepeatedCompositeFieldContainer[_http_pb2.Overflow]
    def __init__(self, slug: _Optional[str] = ..., name: _Optional[str] = ..., strangler_overflow: _Optional[_Iterable[_Union[_http_pb2.Overflow, _Mapping]]] = ...) -> None: ...

class GetCourseRequest(_message.Message):
    __slots__ = ("pk", "strangler_http")
    PK_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_HTTP_FIELD_NUMBER: _ClassVar[int]
    pk: str
    strangler_http: _http_pb2.HttpRequest
    def __init__(self, pk: _Optional[str] = ..., strangler_http: _Optional[_Union[_http_pb2.HttpRequest, _Mapping]] = ...) -> None: ...

class ListLessonsRequest(_message.Message):
    __slots__ = ("pk", "strangler_http")
    PK_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_HTTP_FIELD_NUMBER: _ClassVar[int]
    pk: str
    strangler_http: _http_pb2.HttpRequest
    def __init__(self, pk: _Optional[str] = ..., strangler_http: _Optional[_Union[_http_pb2.HttpRequest, _Mapping]] = ...) -> None: ...

class ListLessonsResponse(_message.Message):
    __slots__ = ("items", "strangler_http", "strangler_overflow")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_HTTP_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_OVERFLOW_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[Lesson]
    strangler_http: _http_pb2.HttpResult
    strangler_overflow: _containers.RepeatedCompositeFieldContainer[_http_pb2.Overflow]
    def __init__(self, items: _Optional[_Iterable[_Union[Lesson, _Mapping]]] = ..., strangler_http: _Optional[_Union[_http_pb2.HttpResult, _Mapping]] = ..., strangler_overflow: _Optional[_Iterable[_Union[_http_pb2.Overflow, _Mapping]]] = ...) -> None: ...

class Lesson(_message.Message):
    __slots__ = ("id", "position", "title", "minutes", "video", "is_preview", "created_at", "strangler_overflow")
    ID_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    MINUTES_FIELD_NUMBER: _ClassVar[int]
    VIDEO_FIELD_NUMBER: _ClassVar[int]
    IS_PREVIEW_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_OVERFLOW_FIELD_NUMBER: _ClassVar[int]
    id: int
    position: int
    title: str
    minutes: int
    video: str
    is_preview: bool
    created_at: str
    strangler_overflow: _containers.RepeatedCompositeFieldContainer[_http_pb2.Overflow]
    def __init__(self, id: _Optional[int] = ..., position: _Optional[int] = ..., title: _Optional[str] = ..., minutes: _Optional[int] = ..., video: _Optional[str] = ..., is_preview: _Optional[bool] = ..., created_at: _Optional[str] = ..., strangler_overflow: _Optional[_Iterable[_Union[_http_pb2.Overflow, _Mapping]]] = ...) -> None: ...

class CreateReviewRequest(_message.Message):
    __slots__ = ("pk", "strangler_http")
    PK_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_HTTP_FIELD_NUMBER: _ClassVar[int]
    pk: str
    strangler_http: _http_pb2.HttpRequest
    def __init__(self, pk: _Optional[str] = ..., strangler_http: _Optional[_Union[_http_pb2.HttpRequest, _Mapping]] = ...) -> None: ...

class Review(_message.Message):
    __slots__ = ("id", "stars", "text", "created_at", "strangler_http", "strangler_overflow")
    ID_FIELD_NUMBER: _ClassVar[int]
    STARS_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_HTTP_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_OVERFLOW_FIELD_NUMBER: _ClassVar[int]
    id: int
    stars: int
    text: str
    created_at: str
    strangler_http: _http_pb2.HttpResult
    strangler_overflow: _containers.RepeatedCompositeFieldContainer[_http_pb2.Overflow]
    def __init__(self, id: _Optional[int] = ..., stars: _Optional[int] = ..., text: _Optional[str] = ..., created_at: _Optional[str] = ..., strangler_http: _Optional[_Union[_http_pb2.HttpResult, _Mapping]] = ..., strangler_overflow: _Optional[_Iterable[_Union[_http_pb2.Overflow, _Mapping]]] = ...) -> None: ...

class GetEducatorRequest(_message.Message):
    __slots__ = ("pk", "strangler_http")
    PK_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_HTTP_FIELD_NUMBER: _ClassVar[int]
    pk: str
    strangler_http: _http_pb2.HttpRequest
    def __init__(self, pk: _Optional[str] = ..., strangler_http: _Optional[_Union[_http_pb2.HttpRequest, _Mapping]] = ...) -> None: ...

class Educator(_message.Message):
    __slots__ = ("id", "name", "bio", "photo", "website", "joined_at", "course_count", "levels", "strangler_http", "strangler_overflow")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    BIO_FIELD_NUMBER: _ClassVar[int]
    PHOTO_FIELD_NUMBER: _ClassVar[int]
    WEBSITE_FIELD_NUMBER: _ClassVar[int]
    JOINED_AT_FIELD_NUMBER: _ClassVar[int]
    COURSE_COUNT_FIELD_NUMBER: _ClassVar[int]
    LEVELS_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_HTTP_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_OVERFLOW_FIELD_NUMBER: _ClassVar[int]
    id: int
    name: str
    bio: str
    photo: str
    website: str
    joined_at: str
    course_count: int
    levels: _containers.RepeatedCompositeFieldContainer[LevelsEntry]
    strangler_http: _http_pb2.HttpResult
    strangler_overflow: _containers.RepeatedCompositeFieldContainer[_http_pb2.Overflow]
    def __init__(self, id: _Optional[int] = ..., name: _Optional[str] = ..., bio: _Optional[str] = ..., photo: _Optional[str] = ..., website: _Optional[str] = ..., joined_at: _Optional[str] = ..., course_count: _Optional[int] = ..., levels: _Optional[_Iterable[_Union[LevelsEntry, _Mapping]]] = ..., strangler_http: _Optional[_Union[_http_pb2.HttpResult, _Mapping]] = ..., strangler_overflow: _Optional[_Iterable[_Union[_http_pb2.Overflow, _Mapping]]] = ...) -> None: ...

class LevelsEntry(_message.Message):
    __slots__ = ("key", "value", "strangler_overflow")
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_OVERFLOW_FIELD_NUMBER: _ClassVar[int]
    key: str
    value: int
    strangler_overflow: _containers.RepeatedCompositeFieldContainer[_http_pb2.Overflow]
    def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ..., strangler_overflow: _Optional[_Iterable[_Union[_http_pb2.Overflow, _Mapping]]] = ...) -> None: ...

class GetEnrolmentRequest(_message.Message):
    __slots__ = ("pk", "strangler_http")
    PK_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_HTTP_FIELD_NUMBER: _ClassVar[int]
    pk: str
    strangler_http: _http_pb2.HttpRequest
    def __init__(self, pk: _Optional[str] = ..., strangler_http: _Optional[_Union[_http_pb2.HttpRequest, _Mapping]] = ...) -> None: ...

class Enrolment(_message.Message):
    __slots__ = ("id", "course", "course_title", "learner", "learner_name", "status", "progress", "enrolled_at", "completed_at", "certificate_id", "strangler_http", "strangler_overflow")
    ID_FIELD_NUMBER: _ClassVar[int]
    COURSE_FIELD_NUMBER: _ClassVar[int]
    COURSE_TITLE_FIELD_NUMBER: _ClassVar[int]
    LEARNER_FIELD_NUMBER: _ClassVar[int]
    LEARNER_NAME_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    ENROLLED_AT_FIELD_NUMBER: _ClassVar[int]
    COMPLETED_AT_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATE_ID_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_HTTP_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_OVERFLOW_FIELD_NUMBER: _ClassVar[int]
    id: int
    course: str
    course_title: str
    learner: int
    learner_name: str
    status: str
    progress: str
    enrolled_at: str
    completed_at: str
    certificate_id: str
    strangler_http: _http_pb2.HttpResult
    strangler_overflow: _containers.RepeatedCompositeFieldContainer[_http_pb2.Overflow]
    def __init__(self, id: _Optional[int] = ..., course: _Optional[str] = ..., course_title: _Optional[str] = ..., learner: _Optional[int] = ..., learner_name: _Optional[str] = ..., status: _Optional[str] = ..., progress: _Optional[str] = ..., enrolled_at: _Optional[str] = ..., completed_at: _Optional[str] = ..., certificate_id: _Optional[str] = ..., strangler_http: _Optional[_Union[_http_pb2.HttpResult, _Mapping]] = ..., strangler_overflow: _Optional[_Iterable[_Union[_http_pb2.Overflow, _Mapping]]] = ...) -> None: ...
