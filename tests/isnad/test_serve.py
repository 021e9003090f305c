import json
import os
import re
import signal
import subprocess
import sys
import threading

import httpx
import pytest
from fastapi.testclient import TestClient

from isnad import LABELS, Classifier
from isnad.serve.app import create_app
from isnad.serve.batching import Batcher

ARTICLE = "عنوان الخبر 🙂\nعقد المجلس جلسته أمس. وقال رئيسه: «لن نتراجع».\nونفت الوزارة <b>علمها</b> بالأمر."


@pytest.fixture(scope="module")
def client(tiny_artifact):
    with TestClient(create_app(Classifier(tiny_artifact), max_queue=50, max_wait=60, max_length=2000)) as client:
        yield client


def test_annotate_says_what_the_library_says(client, tiny_artifact):
    answer = client.post("/annotate", json={"text": ARTICLE})
    assert answer.status_code == 200
    expected = Classifier(tiny_artifact).annotate(ARTICLE)
    assert answer.json() == {"sentences": [s.to_dict() for s in expected]}
    assert all(ARTICLE[s["start"] : s["end"]] == s["text"] for s in answer.json()["sentences"])


def test_classify_says_what_the_library_says(client, tiny_artifact):
    sentences, context = ["وأضاف أنه باق.", "نعم."], ["قال الوزير: «نعم».", None]
    classifier = Classifier(tiny_artifact)
    both = client.post("/classify", json={"sentences": sentences, "context": context})
    assert both.json() == {"predictions": [p.to_dict() for p in classifier.classify(sentences, context)]}
    alone = client.post("/classify", json={"sentences": sentences})
    assert alone.json() == {"predictions": [p.to_dict() for p in classifier.classify(sentences)]}


def test_nothing_in_nothing_out(client):
    assert client.post("/annotate", json={"text": " \n"}).json() == {"sentences": []}
    assert client.post("/classify", json={"sentences": []}).json() == {"predictions": []}


@pytest.mark.parametrize(
    ("path", "body", "status", "field", "problem", "remedy"),
    [
        ("/annotate", {}, 422, "text", "is missing", "add it"),
        ("/annotate", {"text": "a", "txt": "b"}, 422, "txt", "is not known", "leave it out"),
        ("/annotate", {"text": 3}, 422, "text", "is no string", "give a string"),
        ("/annotate", {"text": None}, 422, "text", "is no string", "give a string"),
        ("/annotate", [ARTICLE], 422, "body", "is no JSON object", "Content-Type"),
        ("/annotate", b'{"text": ', 422, "body", "is no valid JSON", "send JSON"),
        ("/annotate", b'{"text": "\xd9"}', 400, "body", "error parsing", "UTF-8"),
        ("/annotate", b'{"text": "\\ud800"}', 422, "text", "half of a surrogate pair", "whole characters"),
        ("/annotate", {"text": "ا" * 2001}, 422, "text", "has 2001 characters, and 2000 is the most", "in parts"),
        ("/annotate", {"text": "ا\n" * 51}, 422, "text", "has 51 sentences, and 50 is the most", "in parts"),
        ("/annotate", b" " * 100_000, 413, "body", "more than 89536 bytes", "in parts"),
        ("/classify", {"sentences": "نعم"}, 422, "sentences", "is no list", "give a list of strings"),
        ("/classify", {"sentences": ["نعم", 3]}, 422, "sentences.1", "is no string", "give a string"),
        ("/classify", {"sentences": ["نعم"], "context": []}, 422, "context", "0 items for 1 sentences", "or null"),
        ("/classify", {"sentences": ["ا"] * 51}, 422, "sentences", "has 51 sentences", "in parts"),
        ("/classify", {"sentences": ["ا"], "context": ["ا" * 2000]}, 422, "sentences and context", "2001", "parts"),
        ("/nowhere", {}, 404, "path", "Not Found", "openapi"),
        ("/health", {}, 405, "path", "Method Not Allowed", "openapi"),
    ],
)
def test_bad_input_is_refused_with_field_problem_and_remedy(client, path, body, status, field, problem, remedy):
    content = body if isinstance(body, bytes) else json.dumps(body)
    answer = client.post(path, content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    (found,) = answer.json()["problems"]
    assert found["field"] == field
    assert problem in found["problem"]
    assert remedy in found["remedy"]


def test_a_body_of_unknown_length_is_bounded(client):
    pieces = (b" " * 10_000 for _ in range(1000))
    answer = client.post("/annotate", content=pieces, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert "more than 89536 bytes" in answer.json()["problems"][0]["problem"]


def test_other_content_types_are_refused(client):
    answer = client.post("/annotate", content='{"text": "نعم"}', headers={"Content-Type": "text/plain"})
    assert answer.status_code == 422
    assert "Content-Type" in answer.json()["problems"][0]["remedy"]


def test_health_tells_ready_from_alive(client, tiny_artifact):
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json()["ready"] is True
    assert answer.json()["model"]["run"] == "test"
    app = create_app(Classifier(tiny_artifact), max_queue=1, max_wait=60, max_length=1)
    with TestClient(app) as stopped:
        app.state.batcher.close()
        answer = stopped.get("/health")
        assert (answer.status_code, answer.json()["ready"]) == (503, False)
        refused = stopped.post("/annotate", json={"text": "ا"})
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")


def test_a_full_queue_answers_503_with_retry_after(tiny_artifact, monkeypatch):
    busy, gate = threading.Event(), threading.Event()
    work = Batcher._round

    def held(self, shares):
        busy.set()
        gate.wait(10)
        work(self, shares)

    monkeypatch.setattr(Batcher, "_round", held)
    with TestClient(create_app(Classifier(tiny_artifact), max_queue=3, max_wait=60, max_length=100)) as client:
        codes = []
        first = threading.Thread(
            target=lambda: codes.append(client.post("/classify", json={"sentences": ["نعم"] * 3}).status_code)
        )
        first.start()
        assert busy.wait(10)
        for path, body in (("/annotate", {"text": "نعم"}), ("/classify", {"sentences": ["نعم"]})):
            refused = client.post(path, json=body)
            assert refused.status_code == 503
            assert int(refused.headers["Retry-After"]) >= 1
            assert "queue is full" in refused.json()["problems"][0]["problem"]
        gate.set()
        first.join(10)
        assert codes == [200]
        assert client.get("/health").json()["shed"] == 2


def test_openapi_describes_and_its_examples_work(client):
    description = client.get("/openapi.json").json()
    assert set(description["paths"]) == {"/annotate", "/classify", "/health"}
    assert "batch" in description["info"]["description"]  # scores depend on it, and users are told
    models = description["components"]["schemas"]
    for path, name in (("/annotate", "AnnotateRequest"), ("/classify", "ClassifyRequest")):
        body = {field: info["examples"][0] for field, info in models[name]["properties"].items()}
        assert client.post(path, json=body).status_code == 200
        assert {"413", "422", "503"} < set(description["paths"][path]["post"]["responses"])
    assert set(models["Label"]["enum"]) == {label.value for label in LABELS}


def test_the_page_needs_nothing_else_and_nothing_inline(client):
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert 'dir="rtl"' in page.text
    assert all(label.arabic in page.text for label in LABELS)
    everything = page.text + client.get("/page.css").text + client.get("/page.js").text
    assert not re.search(r"https?://|innerHTML|insertAdjacentHTML|document\.write|\son\w+=|style=", everything)


def start(*arguments):
    command = [sys.executable, "-m", "isnad", "serve", "--port", "0", *map(str, arguments)]
    server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    for line in server.stderr:
        if found := re.search(r"running on (http://127\.0\.0\.1:\d+)", line):
            return server, found[1]
    raise AssertionError("the server did not start")


def test_sigterm_finishes_every_accepted_request(tiny_artifact):
    server, url = start("--model", tiny_artifact, "--threads", "1")
    answers = []

    def ask():
        try:
            answers.append(httpx.post(f"{url}/annotate", json={"text": ARTICLE * 20}, timeout=30).status_code)
        except httpx.TransportError:
            answers.append(None)  # came too late to be accepted

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    while httpx.get(f"{url}/health").json()["accepted"] < 2:
        pass
    server.send_signal(signal.SIGTERM)
    for thread in threads:
        thread.join()
    log = server.stderr.read()
    server.wait(10)
    accepted, answered = map(int, re.search(r"(\d+) accepted, (\d+) answered, 0 failed", log).groups())
    assert answers.count(200) == accepted == answered >= 2


def test_a_wrong_model_is_one_line():
    done = subprocess.run(
        [sys.executable, "-m", "isnad", "serve", "--model", "nowhere"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip() == "isnad: nowhere: no such model directory"


def test_the_missing_extra_is_named():
    code = "import sys; sys.modules['fastapi'] = None; from isnad.cli import main; sys.exit(main(['serve']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.strip().endswith("pip install 'isnad[serve]'")
    assert len(done.stderr.splitlines()) == 1
