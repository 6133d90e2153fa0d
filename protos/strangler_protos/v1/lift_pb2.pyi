from strangler_protos.v1 import http_pb2 as _http_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CallRequest(_message.Message):
    __slots__ = ("endpoint", "route", "strangler_http")
    ENDPOINT_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_HTTP_FIELD_NUMBER: _ClassVar[int]
    endpoint: str
    route: str
    strangler_http: _http_pb2.HttpRequest
    def __init__(self, endpoint: _Optional[str] = ..., route: _Optional[str] = ..., strangler_http: _Optional[_Union[_http_pb2.HttpRequest, _Mapping]] = ...) -> None: ...

class CallResponse(_message.Message):
    __slots__ = ("data", "exact", "empty", "strangler_http")
    DATA_FIELD_NUMBER: _ClassVar[int]
    EXACT_FIELD_NUMBER: _ClassVar[int]
    EMPTY_FIELD_NUMBER: _ClassVar[int]
    STRANGLER_HTTP_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    exact: _http_pb2.ExactReply
    empty: bool
    strangler_http: _http_pb2.HttpResult
    def __init__(self, data: _Optional[bytes] = ..., exact: _Optional[_Union[_http_pb2.ExactReply, _Mapping]] = ..., empty: _Optional[bool] = ..., strangler_http: _Optional[_Union[_http_pb2.HttpResult, _Mapping]] = ...) -> None: ...
