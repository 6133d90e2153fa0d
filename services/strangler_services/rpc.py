"""One RPC of a service: verify, parse, run, serialise."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any

import grpc
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message

from strangler_protos.errors import IdentityError
from strangler_protos.identity import Keyring, verify
from strangler_protos.trace import ENDED_BY_RUNTIME_KEY, REQUEST_ID_KEY
from strangler_protos.v1.http_pb2 import HttpResult
from strangler_protos.v1.identity_pb2 import Identity
from strangler_services.agreement import OwnContract
from strangler_services.caller import CurrentCall, current_call, received_call
from strangler_services.errors import ApplicationError
from strangler_services.failure import DETAILS_KEY, Failure
from strangler_services.gate import Gate
from strangler_services.logs import log_call, log_crash
from strangler_services.nonces import Nonces

__all__ = ["Rpc", "Runtime"]

# Trailing metadata is limited to 8-16 KiB over all; larger errors travel in the response message.
LARGEST_STATUS = 4096
Context = grpc.aio.ServicerContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """What all RPCs of a server share."""

    gate: Gate
    nonces: Nonces
    pool: ThreadPoolExecutor
    max_deadline: float


class Rpc:
    """Turns the bytes of a request into the bytes of an answer; the identity is checked before they are parsed."""

    def __init__(self, name: str, handler: grpc.RpcMethodHandler, keyring: Keyring, runtime: Runtime) -> None:
        behaviour: Any = handler.unary_unary
        self._name = name
        self._parse: Callable[[bytes], Message] = handler.request_deserializer  # type: ignore[assignment]
        self._serialize: Callable[[Message], bytes] = handler.response_serializer  # type: ignore[assignment]
        self._run: Callable[[Message, Context], Awaitable[Message]]
        self._run = behaviour if inspect.iscoroutinefunction(behaviour) else self._in_thread(behaviour)
        self._keyring = keyring
        self._contract = OwnContract(name)
        self._runtime = runtime

    async def answer(self, raw: bytes, context: Context) -> bytes:
        """Serve one call; the context is aborted where there is no message to answer with."""
        call = received_call(self._name, context.invocation_metadata() or ())
        current_call.set(call)
        context.add_done_callback(partial(self._done, call))  # type: ignore[arg-type]  # the stub wants a class
        own_metadata = ((REQUEST_ID_KEY, call.request_id),)
        context.set_trailing_metadata(own_metadata)
        try:
            answer = await self._answer(raw, context, call)
            call.code = _code(context)
            if context.trailing_metadata() != own_metadata:
                context.set_trailing_metadata((*context.trailing_metadata(), *own_metadata))
        except grpc.aio.AbortError:
            call.code = _code(context)
            raise
        except asyncio.CancelledError:
            late = context.time_remaining() == 0
            call.code = grpc.StatusCode.DEADLINE_EXCEEDED if late else grpc.StatusCode.CANCELLED
            raise
        except Exception as error:  # noqa: BLE001  # a servicer method may raise anything
            failure = self._failure(error, context, call)
            call.code = failure.code
            details = ((DETAILS_KEY, failure.details),) if failure.details else ()
            await context.abort(failure.code, failure.message, (*own_metadata, (ENDED_BY_RUNTIME_KEY, "1"), *details))
        return answer

    def _done(self, call: CurrentCall, context: Context) -> None:
        # The answer is sent: the log costs the caller nothing, and the gate may open for the server's end.
        try:
            log_call(call)
        finally:
            if call.admitted:
                self._runtime.gate.leave()

    async def _answer(self, raw: bytes, context: Context, call: CurrentCall) -> bytes:
        try:
            response = await self._response(raw, context, call)
        except ApplicationError as error:
            call.status = error.status
            return self._error_answer(error)
        # grpc drops the message of a call that set another code.
        return b"" if context.code() else self._serialize(response)

    def _error_answer(self, error: ApplicationError) -> bytes:
        rich = error.rich_status()
        if rich.ByteSize() <= LARGEST_STATUS:
            raise Failure(CODES[rich.code], rich.message, rich.SerializeToString())
        method = descriptor_pool.Default().FindMethodByName(self._name[1:].replace("/", "."))
        response: Any = message_factory.GetMessageClass(method.output_type)()
        response.strangler_http.CopyFrom(HttpResult(status=error.status, error=error.http_error))
        return self._serialize(response)

    def _failure(self, error: Exception, context: Context, call: CurrentCall) -> Failure:
        if isinstance(error, Failure):
            return error
        # As a generated servicer says that nobody wrote the method.
        if isinstance(error, NotImplementedError) and context.code() is grpc.StatusCode.UNIMPLEMENTED:
            return Failure(grpc.StatusCode.UNIMPLEMENTED, f"{self._name} is not implemented")
        log_crash(call, error)
        return Failure(grpc.StatusCode.INTERNAL, f"internal error, request {call.request_id}")

    async def _response(self, raw: bytes, context: Context, call: CurrentCall) -> Message:
        runtime = self._runtime
        await runtime.gate.enter()
        call.admitted = True
        left: float | None = context.time_remaining()
        if left is not None and left <= 0:
            raise Failure(grpc.StatusCode.DEADLINE_EXCEEDED, "the deadline had passed before the call was started")
        call.identity = self._verify(raw, call)
        self._contract.accept(call.contract)
        try:
            request = self._parse(raw)
        except DecodeError:
            raise Failure(grpc.StatusCode.INVALID_ARGUMENT, f"the message is no request of {self._name}") from None
        if left is not None and left <= runtime.max_deadline:
            # grpc cancels the task at the client's own deadline.
            call.deadline = call.began + left
            return await self._run(request, context)
        call.deadline = call.began + runtime.max_deadline
        return await self._run_at_most(runtime.max_deadline, request, context)

    async def _run_at_most(self, seconds: float, request: Message, context: Context) -> Message:
        try:
            async with asyncio.timeout(seconds) as timer:
                return await self._run(request, context)
        except TimeoutError:
            if not timer.expired():
                raise
            raise Failure(
                grpc.StatusCode.DEADLINE_EXCEEDED, f"the call took more than {seconds:g} s, the most allowed here"
            ) from None

    def _verify(self, raw: bytes, call: CurrentCall) -> Identity:
        if call.token is None:
            raise Failure(grpc.StatusCode.UNAUTHENTICATED, "the call carries no identity")
        try:
            identity = verify(call.token, keyring=self._keyring, method=self._name, message=raw)
        except IdentityError as error:
            raise Failure(grpc.StatusCode.UNAUTHENTICATED, str(error)) from None
        if identity.nonce and not self._runtime.nonces.accept(identity.nonce, identity.expires_at):
            raise Failure(grpc.StatusCode.UNAUTHENTICATED, "the identity was used before")
        return identity

    def _in_thread(self, behaviour: Callable[..., Message]) -> Callable[..., Awaitable[Message]]:
        async def run(request: Message, context: Context) -> Message:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._runtime.pool, copy_context().run, behaviour, request, context)

        return run


def _code(context: Context) -> grpc.StatusCode:
    # What a servicer set, which may be a plain number; None until something is set.
    code = context.code()
    return CODES[code] if isinstance(code, int) else code or grpc.StatusCode.OK


CODES = {code.value[0]: code for code in grpc.StatusCode}
