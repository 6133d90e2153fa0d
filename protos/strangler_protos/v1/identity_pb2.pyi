from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Identity(_message.Message):
    __slots__ = ("subject", "authenticator", "scopes", "tenant", "is_staff", "audience", "method", "digest", "shadow", "issued_at", "expires_at", "nonce", "hops")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    AUTHENTICATOR_FIELD_NUMBER: _ClassVar[int]
    SCOPES_FIELD_NUMBER: _ClassVar[int]
    TENANT_FIELD_NUMBER: _ClassVar[int]
    IS_STAFF_FIELD_NUMBER: _ClassVar[int]
    AUDIENCE_FIELD_NUMBER: _ClassVar[int]
    METHOD_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    SHADOW_FIELD_NUMBER: _ClassVar[int]
    ISSUED_AT_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    NONCE_FIELD_NUMBER: _ClassVar[int]
    HOPS_FIELD_NUMBER: _ClassVar[int]
    subject: str
    authenticator: str
    scopes: _containers.RepeatedScalarFieldContainer[str]
    tenant: str
    is_staff: bool
    audience: str
    method: str
    digest: bytes
    shadow: bool
    issued_at: int
    expires_at: int
    nonce: bytes
    hops: int
    def __init__(self, subject: _Optional[str] = ..., authenticator: _Optional[str] = ..., scopes: _Optional[_Iterable[str]] = ..., tenant: _Optional[str] = ..., is_staff: _Optional[bool] = ..., audience: _Optional[str] = ..., method: _Optional[str] = ..., digest: _Optional[bytes] = ..., shadow: _Optional[bool] = ..., issued_at: _Optional[int] = ..., expires_at: _Optional[int] = ..., nonce: _Optional[bytes] = ..., hops: _Optional[int] = ...) -> None: ...

class SignedIdentity(_message.Message):
    __slots__ = ("kid", "identity", "mac")
    KID_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    MAC_FIELD_NUMBER: _ClassVar[int]
    kid: str
    identity: bytes
    mac: bytes
    def __init__(self, kid: _Optional[str] = ..., identity: _Optional[bytes] = ..., mac: _Optional[bytes] = ...) -> None: ...
