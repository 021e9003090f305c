"""Encoders from a hub: a server on this machine that speaks its protocol, and fails as it can fail."""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LOAD = """
import json, sys
from train.config import Encoder
from train.encoder import EncoderError, load_encoder, load_tokenizer
for name in sys.argv[1:]:
    settings = Encoder(path=name, max_length=64, context_tokens=16)
    try:
        tokenizer, _ = load_tokenizer(settings)
        print(json.dumps([name, load_encoder(settings).num_parameters()]))
    except EncoderError as error:
        print(json.dumps([name, str(error)]))
"""


class Hub(BaseHTTPRequestHandler):
    """Serves `folder` as me/good, and as me/half with every weight file cut off after a thousand bytes."""

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer(body=False)

    def do_GET(self):
        self.answer(body=True)

    def refuse(self, code):
        self.send_response(404)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer(self, body):
        parts = unquote(self.path.split("?")[0]).strip("/").split("/")
        about = parts[:2] == ["api", "models"]
        parts = parts[2:] if about else parts
        name, *rest = "/".join(parts[:2]), *parts[2:]
        if name not in ("me/good", "me/half"):
            return self.refuse("RepoNotFound")
        if about and not rest:
            files = [{"rfilename": f.name} for f in self.server.folder.iterdir()]
            return self.send(json.dumps({"id": name, "sha": COMMIT, "siblings": files}).encode(), body)
        file = self.server.folder / "/".join(rest[2:])
        if rest[0] != "resolve" or not file.is_file():
            return self.refuse("EntryNotFound")
        cut = 1000 if name == "me/half" and file.suffix == ".safetensors" else None
        return self.send(file.read_bytes(), body, cut)

    def send(self, content, body, cut=None):
        self.send_response(200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            with contextlib.suppress(ConnectionError):
                self.wfile.write(content[:cut])
        self.close_connection = True


@pytest.fixture
def hub(tiny_encoder):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.folder = tiny_encoder
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def load(endpoint, home, *names, offline="0"):
    environment = os.environ | {
        "HF_ENDPOINT": endpoint, "HF_HOME": str(home), "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": offline,
        "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_DOWNLOAD_TIMEOUT": "5", "HF_HUB_ETAG_TIMEOUT": "5",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *names], capture_output=True, text=True, env=environment, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(line) for line in done.stdout.splitlines() if line.startswith("["))


def test_a_model_is_fetched_and_each_failure_names_the_offline_default(hub, tmp_path):
    answers = load(hub, tmp_path, "me/good", "me/missing", "me/half")
    assert isinstance(answers["me/good"], int), answers["me/good"]
    for name in ("me/missing", "me/half"):
        assert f"encoder.path={name}: cannot be loaded" in answers[name]
        assert "encoder.path=seeds/encoder" in answers[name]
    # What was fetched whole serves without a network; what was cut off is not there.
    later = load("http://127.0.0.1:9", tmp_path, "me/good", "me/half", offline="1")
    assert later["me/good"] == answers["me/good"]
    assert "cannot be loaded" in later["me/half"]
