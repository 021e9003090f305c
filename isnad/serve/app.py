"""The routes of the service.

A request goes through three gates: the body's size, its form, its place in the queue.  Whoever passes them is answered,
also when the service is told to stop meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from isnad.articles import put_together, with_context
from isnad.classifier import Classifier
from isnad.extras import extra
from isnad.results import Prediction
from isnad.sentences import split
from isnad.serve import schema
from isnad.serve.batching import Batcher
from isnad.serve.page import PAGE_HEADERS, page_files
from isnad.serve.refusals import LimitError, refuse_with_reasons

with extra("serve"):
    from fastapi import FastAPI, Response
    from fastapi.concurrency import run_in_threadpool
    from fastapi.responses import JSONResponse

log = logging.getLogger("uvicorn.error")  # the server's own, so that its settings hold
# A character takes at most 12 bytes in JSON (two \uXXXX); the rest of a body is small.
_BYTES_PER_CHARACTER = 12
_FRAME = 65_536
_DESCRIPTION = """Labels each sentence of an Arabic news article: `direct_quote`, `reported_claim`, `denial` or
`background`. Sentences of concurrent requests share a batch, which changes no answer."""


def create_app(classifier: Classifier, *, max_queue: int, max_wait: float, max_length: int) -> FastAPI:
    """The service as an ASGI application.

    Args:
        classifier: what labels the sentences.
        max_queue: sentences that may wait; beyond it, requests are refused with 503.
        max_wait: seconds that what waits may take; beyond it likewise.
        max_length: characters of one request, context included.
    """
    batcher = Batcher(classifier, max_queue, max_wait)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(batcher.start)
        yield
        await run_in_threadpool(batcher.close)
        counts = batcher.accepted, batcher.answered, batcher.failed, batcher.shed
        log.info("Requests: %d accepted, %d answered, %d failed, %d shed", *counts)

    refusals: dict[int | str, dict[str, Any]] = {code: {"model": schema.Refusal} for code in (413, 422, 503)}
    app = FastAPI(
        title="isnad", description=_DESCRIPTION, version=version("isnad"), lifespan=lifespan,
        docs_url=None, redoc_url=None,  # they load scripts from elsewhere
    )  # fmt: skip
    app.state.batcher = batcher
    refuse_with_reasons(app, body_limit=max_length * _BYTES_PER_CHARACTER + _FRAME)
    _add_page(app)

    def check_length(field: str, texts: Sequence[str | None]) -> None:
        length = sum(len(text) for text in texts if text)
        if length > max_length:
            raise LimitError(field, f"has {length} characters, and {max_length} is the most", "send it in parts")

    async def predict(field: str, sentences: Sequence[str], contexts: Sequence[str | None]) -> list[Prediction]:
        if len(sentences) > max_queue:
            problem = f"has {len(sentences)} sentences, and {max_queue} is the most"
            raise LimitError(field, problem, "send them in parts")
        return await asyncio.wrap_future(batcher.submit(sentences, contexts))

    @app.post("/annotate", response_model=schema.AnnotateResponse, responses=refusals)
    async def annotate(request: schema.AnnotateRequest) -> Response:
        """Split an article into sentences and label each in the light of those before it."""
        check_length("text", [request.text])
        batcher.make_sure_of_room(1)
        spans = await run_in_threadpool(split, request.text)
        parts = [with_context(request.text, span) for span in spans]
        predictions = await predict("text", [sentence for sentence, _ in parts], [context for _, context in parts])
        return JSONResponse({"sentences": [s.to_dict() for s in put_together(request.text, spans, predictions)]})

    @app.post("/classify", response_model=schema.ClassifyResponse, responses=refusals)
    async def classify(request: schema.ClassifyRequest) -> Response:
        """Label sentences, each by itself or in the light of its context."""
        contexts = request.context if request.context is not None else [None] * len(request.sentences)
        if len(contexts) != len(request.sentences):
            problem = f"has {len(contexts)} items for {len(request.sentences)} sentences"
            raise LimitError("context", problem, "give one for each, or null")
        check_length("sentences and context", [*request.sentences, *contexts])
        predictions = await predict("sentences", request.sentences, contexts)
        return JSONResponse({"predictions": [p.to_dict() for p in predictions]})

    @app.get("/health", response_model=schema.Health, responses={503: {"model": schema.Health}})
    async def health() -> Response:
        """200 where requests are taken, 503 where the service lives but takes none."""
        content = {
            "ready": batcher.ready, "version": app.version, "model": classifier.load().provenance,
            "waiting": batcher.waiting, "max_queue": max_queue, "accepted": batcher.accepted,
            "answered": batcher.answered, "failed": batcher.failed, "shed": batcher.shed,
        }  # fmt: skip
        return JSONResponse(content, status_code=200 if batcher.ready else 503)

    return app


def _add_page(app: FastAPI) -> None:
    def serve(content: str, media_type: str) -> Callable[[], Awaitable[Response]]:
        async def page() -> Response:
            return Response(content, media_type=media_type, headers=PAGE_HEADERS)

        return page

    for path, (content, media_type) in page_files().items():
        app.get(path, include_in_schema=False)(serve(content, media_type))
