"""What is refused: with the field, the problem and the remedy, as JSON, whatever is wrong."""

from __future__ import annotations

import math

from isnad.extras import extra
from isnad.serve.batching import ClosedError, OverloadedError

with extra("serve"):
    from fastapi import FastAPI, Request, Response
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import JSONResponse
    from starlette.exceptions import HTTPException
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SEE = "see /openapi.json"
_NO_OBJECT = ("is no JSON object", "send one, with the header Content-Type: application/json")
# pydantic's name of an error → what is wrong, and what to do about it.
_MALFORMED = {
    "missing": ("is missing", f"add it: {_SEE}"),
    "extra_forbidden": ("is not known", f"leave it out: {_SEE}"),
    "json_invalid": ("is no valid JSON", "send JSON in UTF-8"),
    "string_type": ("is no string", "give a string"),
    "string_unicode": ("has half of a surrogate pair", "send whole characters"),
    "list_type": ("is no list", "give a list of strings"),
    "model_attributes_type": _NO_OBJECT,
    "model_type": _NO_OBJECT,
    "dict_type": _NO_OBJECT,
}


class LimitError(ValueError):
    """A request is beyond a limit of the service."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field} {problem}")
        self.field, self.problem, self.remedy = field, problem, remedy


class BodyLimit:
    """ASGI middleware that refuses bodies of more than `limit` bytes before they fill the memory."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI)."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        received = 0
        too_large = HTTPException(413, f"has more than {self._limit} bytes")
        stated = dict(scope["headers"]).get(b"content-length", b"0")
        if int(stated) > self._limit:
            return await _refused(too_large)(scope, receive, send)

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise too_large
            return message

        return await self._app(scope, counted, send)


def _refusal(status: int, *problems: tuple[str, str, str], retry_after: float | None = None) -> JSONResponse:
    listed = [dict(zip(("field", "problem", "remedy"), problem, strict=True)) for problem in problems]
    headers = {} if retry_after is None else {"Retry-After": str(math.ceil(retry_after))}
    return JSONResponse({"problems": listed}, status_code=status, headers=headers)


def _refused(error: HTTPException) -> JSONResponse:
    place = {400: ("body", "send JSON in UTF-8"), 413: ("body", "send it in parts")}
    field, remedy = place.get(error.status_code, ("path", _SEE))
    return _refusal(error.status_code, (field, error.detail, remedy))


def refuse_with_reasons(app: FastAPI, body_limit: int) -> None:
    """Answer whatever cannot be served as `schema.Refusal`."""
    app.add_middleware(BodyLimit, limit=body_limit)

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> Response:
        return _refused(error)

    @app.exception_handler(RequestValidationError)
    async def malformed(_: Request, error: RequestValidationError) -> Response:
        problems = []
        for found in error.errors():
            steps = [] if found["type"] == "json_invalid" else found["loc"][1:]
            field = ".".join(map(str, steps)) or "body"
            problems.append((field, *_MALFORMED.get(found["type"], (found["msg"], _SEE))))
        return _refusal(422, *problems)

    @app.exception_handler(LimitError)
    async def beyond_limit(_: Request, error: LimitError) -> Response:
        return _refusal(422, (error.field, error.problem, error.remedy))

    @app.exception_handler(OverloadedError)
    async def overloaded(_: Request, error: OverloadedError) -> Response:
        remedy = f"try again in {math.ceil(error.retry_after)} s"
        return _refusal(503, ("body", "has to wait: the queue is full", remedy), retry_after=error.retry_after)

    @app.exception_handler(ClosedError)
    async def closed(_: Request, error: ClosedError) -> Response:
        return _refusal(503, ("body", f"cannot be taken: {error}", "try again in 5 s"), retry_after=5)
