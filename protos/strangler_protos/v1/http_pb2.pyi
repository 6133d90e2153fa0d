from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Header(_message.Message):
    __slots__ = ("name", "value")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    name: str
    value: str
    def __init__(self, name: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...

class HttpRequest(_message.Message):
    __slots__ = ("method", "scheme", "host", "script_name", "path", "query", "body", "content_type", "headers", "language", "timezone", "media_type", "version")
    METHOD_FIELD_NUMBER: _ClassVar[int]
    SCHEME_FIELD_NUMBER: _ClassVar[int]
    HOST_FIELD_NUMBER: _ClassVar[int]
    SCRIPT_NAME_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    QUERY_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    LANGUAGE_FIELD_NUMBER: _ClassVar[int]
    TIMEZONE_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    method: str
    scheme: str
    host: str
    script_name: str
    path: str
    query: str
    body: bytes
    content_type: str
    headers: _containers.RepeatedCompositeFieldContainer[Header]
    language: str
    timezone: str
    media_type: str
    version: str
    def __init__(self, method: _Optional[str] = ..., scheme: _Optional[str] = ..., host: _Optional[str] = ..., script_name: _Optional[str] = ..., path: _Optional[str] = ..., query: _Optional[str] = ..., body: _Optional[bytes] = ..., content_type: _Optional[str] = ..., headers: _Optional[_Iterable[_Union[Header, _Mapping]]] = ..., language: _Optional[str] = ..., timezone: _Optional[str] = ..., media_type: _Optional[str] = ..., version: _Optional[str] = ...) -> None: ...

class HttpResult(_message.Message):
    __slots__ = ("status", "headers", "error")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    status: int
    headers: _containers.RepeatedCompositeFieldContainer[Header]
    error: HttpError
    def __init__(self, status: _Optional[int] = ..., headers: _Optional[_Iterable[_Union[Header, _Mapping]]] = ..., error: _Optional[_Union[HttpError, _Mapping]] = ...) -> None: ...

class HttpError(_message.Message):
    __slots__ = ("drf", "exact")
    DRF_FIELD_NUMBER: _ClassVar[int]
    EXACT_FIELD_NUMBER: _ClassVar[int]
    drf: DrfError
    exact: ExactReply
    def __init__(self, drf: _Optional[_Union[DrfError, _Mapping]] = ..., exact: _Optional[_Union[ExactReply, _Mapping]] = ...) -> None: ...

class DrfError(_message.Message):
    __slots__ = ("exception", "detail", "wait", "status")
    EXCEPTION_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    WAIT_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    exception: str
    detail: ErrorDetail
    wait: float
    status: int
    def __init__(self, exception: _Optional[str] = ..., detail: _Optional[_Union[ErrorDetail, _Mapping]] = ..., wait: _Optional[float] = ..., status: _Optional[int] = ...) -> None: ...

class ErrorDetail(_message.Message):
    __slots__ = ("text", "list", "map")
    TEXT_FIELD_NUMBER: _ClassVar[int]
    LIST_FIELD_NUMBER: _ClassVar[int]
    MAP_FIELD_NUMBER: _ClassVar[int]
    text: ErrorText
    list: ErrorList
    map: ErrorMap
    def __init__(self, text: _Optional[_Union[ErrorText, _Mapping]] = ..., list: _Optional[_Union[ErrorList, _Mapping]] = ..., map: _Optional[_Union[ErrorMap, _Mapping]] = ...) -> None: ...

class ErrorText(_message.Message):
    __slots__ = ("message", "args", "named", "code", "braced")
    class NamedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class BracedEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    ARGS_FIELD_NUMBER: _ClassVar[int]
    NAMED_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    BRACED_FIELD_NUMBER: _ClassVar[int]
    message: str
    args: _containers.RepeatedScalarFieldContainer[str]
    named: _containers.ScalarMap[str, str]
    code: str
    braced: _containers.ScalarMap[str, str]
    def __init__(self, message: _Optional[str] = ..., args: _Optional[_Iterable[str]] = ..., named: _Optional[_Mapping[str, str]] = ..., code: _Optional[str] = ..., braced: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ErrorList(_message.Message):
    __slots__ = ("items",)
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[ErrorDetail]
    def __init__(self, items: _Optional[_Iterable[_Union[ErrorDetail, _Mapping]]] = ...) -> None: ...

class ErrorMap(_message.Message):
    __slots__ = ("entries",)
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[ErrorEntry]
    def __init__(self, entries: _Optional[_Iterable[_Union[ErrorEntry, _Mapping]]] = ...) -> None: ...

class ErrorEntry(_message.Message):
    __slots__ = ("key", "detail")
    KEY_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    key: str
    detail: ErrorDetail
    def __init__(self, key: _Optional[str] = ..., detail: _Optional[_Union[ErrorDetail, _Mapping]] = ...) -> None: ...

class ExactReply(_message.Message):
    __slots__ = ("status", "body", "headers", "content_type")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    HEADERS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    status: int
    body: bytes
    headers: _containers.RepeatedCompositeFieldContainer[Header]
    content_type: str
    def __init__(self, status: _Optional[int] = ..., body: _Optional[bytes] = ..., headers: _Optional[_Iterable[_Union[Header, _Mapping]]] = ..., content_type: _Optional[str] = ...) -> None: ...

class Overflow(_message.Message):
    __slots__ = ("number", "json")
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    JSON_FIELD_NUMBER: _ClassVar[int]
    number: int
    json: str
    def __init__(self, number: _Optional[int] = ..., json: _Optional[str] = ...) -> None: ...
