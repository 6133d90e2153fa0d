from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Authority(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AUTHORITY_UNSPECIFIED: _ClassVar[Authority]
    AUTHORITY_MONOLITH: _ClassVar[Authority]
    AUTHORITY_SERVICE: _ClassVar[Authority]

class Shape(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SHAPE_UNSPECIFIED: _ClassVar[Shape]
    SHAPE_OBJECT: _ClassVar[Shape]
    SHAPE_ARRAY: _ClassVar[Shape]

class Slot(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SLOT_UNSPECIFIED: _ClassVar[Slot]
    SLOT_JSON: _ClassVar[Slot]
    SLOT_OBJECT: _ClassVar[Slot]

class Source(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SOURCE_UNSPECIFIED: _ClassVar[Source]
    SOURCE_PATH: _ClassVar[Source]
AUTHORITY_UNSPECIFIED: Authority
AUTHORITY_MONOLITH: Authority
AUTHORITY_SERVICE: Authority
SHAPE_UNSPECIFIED: Shape
SHAPE_OBJECT: Shape
SHAPE_ARRAY: Shape
SLOT_UNSPECIFIED: Slot
SLOT_JSON: Slot
SLOT_OBJECT: Slot
SOURCE_UNSPECIFIED: Source
SOURCE_PATH: Source
ENDPOINT_FIELD_NUMBER: _ClassVar[int]
endpoint: _descriptor.FieldDescriptor
SLOT_FIELD_NUMBER: _ClassVar[int]
slot: _descriptor.FieldDescriptor
SOURCE_FIELD_NUMBER: _ClassVar[int]
source: _descriptor.FieldDescriptor

class Endpoint(_message.Message):
    __slots__ = ("id", "route", "http_method", "success_status", "shape", "authority")
    ID_FIELD_NUMBER: _ClassVar[int]
    ROUTE_FIELD_NUMBER: _ClassVar[int]
    HTTP_METHOD_FIELD_NUMBER: _ClassVar[int]
    SUCCESS_STATUS_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    AUTHORITY_FIELD_NUMBER: _ClassVar[int]
    id: str
    route: str
    http_method: str
    success_status: int
    shape: Shape
    authority: Authority
    def __init__(self, id: _Optional[str] = ..., route: _Optional[str] = ..., http_method: _Optional[str] = ..., success_status: _Optional[int] = ..., shape: _Optional[_Union[Shape, str]] = ..., authority: _Optional[_Union[Authority, str]] = ...) -> None: ...
