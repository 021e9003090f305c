"""The command `isnad serve`: runs the service until it is told to stop."""

from __future__ import annotations

from contextlib import suppress

from isnad.classifier import Classifier
from isnad.extras import extra
from isnad.serve.app import create_app

with extra("serve"):
    import uvicorn

# More open connections than this are refused: each costs memory before it is worth anything.
_CONNECTIONS = 1024


def serve(classifier: Classifier, *, host: str, port: int, max_queue: int, max_wait: float, max_length: int) -> None:
    """Serve until SIGTERM or SIGINT; then take nothing more, and answer what was accepted.

    The limits are those of `create_app`.

    Raises:
        ArtifactError: the model cannot be loaded.
    """
    classifier.load()  # a wrong model is an error of the command, before anything listens
    app = create_app(classifier, max_queue=max_queue, max_wait=max_wait, max_length=max_length)
    config = uvicorn.Config(
        app, host=host, port=port, limit_concurrency=_CONNECTIONS, access_log=False,
        server_header=False,
    )  # fmt: skip
    with suppress(KeyboardInterrupt):  # uvicorn has shut down by then
        uvicorn.Server(config).run()
