"""A service to test with: each endpoint of strangler.v1.Lift behaves as it is called."""

import asyncio
import json
import os
import time

from strangler_protos.v1 import lift_pb2, lift_pb2_grpc
from strangler_services import (
    ServerSettings,
    caller,
    drf_error,
    exact_reply,
    remaining,
    request_id,
    serve,
    text,
)

CALL = "/strangler.v1.Lift/Call"
KEY = "00112233445566778899aabbccddeeff" * 2
SETTINGS = {"address": "127.0.0.1:0", "keys": {"strangler.v1.Lift": {"k1": KEY}}}


class Lifted(lift_pb2_grpc.LiftServicer):
    def __init__(self):
        self.begun = []
        self.cancelled = []

    async def Call(self, request, context):  # noqa: C901  # one case per behaviour
        self.begun.append(request.route)
        match request.endpoint:
            case "whoami":
                identity = caller()
                found = {
                    "subject": identity.subject,
                    "tenant": identity.tenant,
                    "scopes": list(identity.scopes),
                    "remaining": remaining(),
                    "request_id": request_id(),
                    "pid": os.getpid(),
                }
                return lift_pb2.CallResponse(data=json.dumps(found).encode())
            case "slow":
                await self.sleep(float(request.route))
            case "block":
                time.sleep(float(request.route))
            case "not_found":
                detail = text("No %s matches the given query.", "Course", code="not_found")
                raise drf_error("NotFound", detail)
            case "large":
                raise drf_error("ValidationError", {"title": ["x" * int(request.route)]})
            case "exact":
                raise exact_reply(418, b"teapot", headers=[("X-Pot", "1")], content_type="text/plain")
            case "crash":
                raise RuntimeError("the secret of user 7")
            case "timeout":
                raise TimeoutError("a dependency's own")
            case "abort":
                await context.abort(5, "aborted by the service")
            case "no_message":
                return "not a message"
            case "metadata":
                context.set_trailing_metadata((("x-own", "1"),))
            case "die":
                os._exit(9)
        return lift_pb2.CallResponse(data=request.route.encode())

    async def sleep(self, seconds):
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled.append(seconds)
            raise


class LiftedPlainly(lift_pb2_grpc.LiftServicer):
    """The same with a plain function."""

    def Call(self, request, context):
        if request.endpoint == "slow":
            time.sleep(float(request.route))
        if request.endpoint == "not_found":
            raise drf_error("NotFound")
        return lift_pb2.CallResponse(data=f"{caller().subject} {remaining() > 0}".encode())


class LiftedWithMarks(lift_pb2_grpc.LiftServicer):
    """Appends the route of each call that it begins to a file."""

    def __init__(self, path):
        self.marks = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY)

    async def Call(self, request, context):
        os.write(self.marks, f"{request.route}\n".encode())
        await asyncio.sleep(0.02)
        return lift_pb2.CallResponse(data=str(os.getpid()).encode())


def register(server):
    marks = os.environ.get("MARKS")
    if os.environ.get("REFUSES_TO_START"):
        raise RuntimeError("no database")
    lift_pb2_grpc.add_LiftServicer_to_server(LiftedWithMarks(marks) if marks else Lifted(), server)


if __name__ == "__main__":
    serve(register, ServerSettings.from_environment())
