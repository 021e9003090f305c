"""A stand-in for the wandb server: the part of its HTTP and GraphQL that a client needs, and its ways to fail."""
# ruff: noqa: N802

import contextlib
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """Keeps what it is sent.  `mode`: ok, hang (takes a request, never answers), or error (answers 500)."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.mode, self.asked = "ok", []
        self.runs, self.lines, self.files = {}, {}, {}
        self.artifacts, self.used = {}, []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def history(self, run):
        return [json.loads(line) for line in self.lines.get((run, "wandb-history.jsonl"), {}).values()]

    def summary(self, run):
        lines = list(self.lines.get((run, "wandb-summary.json"), {}).values())
        return json.loads(lines[-1]) if lines else {}

    def handle_error(self, request, client_address):
        pass  # clients that go away are what is tested


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, content, status=200):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def fails(self):
        while self.server.mode == "hang":
            time.sleep(0.05)
        if self.server.mode == "error":
            self.answer({"error": "out of order"}, 500)
        return self.server.mode == "error"

    def do_GET(self):
        if not self.fails():
            content = self.server.files.get(self.path)
            self.answer(content if content is not None else {}, 200 if content is not None else 404)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.fails():
            self.server.files[self.path] = body
            self.answer({})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.fails():
            return None
        if self.path == "/graphql":
            asked = json.loads(body)
            name = re.search(r"(query|mutation)\s+(\w+)", asked["query"])[2]
            self.server.asked.append(name)
            return self.answer({"data": getattr(self, name, self.unknown)(asked.get("variables") or {})})
        if self.path.endswith("/file_stream"):
            run = self.path.split("/")[-2]
            for file, chunk in (json.loads(body).get("files") or {}).items():
                kept = self.server.lines.setdefault((run, file), {})
                kept.update((chunk["offset"] + n, line) for n, line in enumerate(chunk["content"]))
        return self.answer({})

    def unknown(self, variables):
        return {}

    def store(self, path):
        return f"{self.server.url}/storage/{path}"

    def ServerFeaturesQuery(self, v):
        return {"serverInfo": {"features": []}}

    def Viewer(self, v):
        teams = {"edges": []}
        return {"viewer": {"id": "1", "entity": "me", "username": "me", "email": "", "flags": "{}", "teams": teams}}

    GetDefaultEntity = Viewer

    def UpsertBucket(self, v):
        run = self.server.runs.setdefault(v["name"], {})
        run.update({key: value for key, value in v.items() if value is not None})
        project = {"id": "p", "name": v["project"], "entity": {"id": "e", "name": "me"}}
        bucket = {"id": v["name"], "name": v["name"], "config": run.get("config", "{}"), "project": project}
        return {"upsertBucket": {"inserted": True, "bucket": {**bucket, "historyLineCount": 0}}}

    def CreateRunFiles(self, v):
        files = [{"name": f, "uploadUrl": self.store(f"{v['run']}/{f}")} for f in v["files"]]
        return {"createRunFiles": {"runID": v["run"], "uploadHeaders": [], "files": files}}

    def ArtifactType(self, v):
        return {"project": {"artifact": None}}

    def CreateArtifact(self, v):
        given = v["input"]
        name = given["artifactCollectionName"]
        key = f"{name}-{given['digest']}"
        known = key in self.server.artifacts
        kept = self.server.artifacts.setdefault(key, {**given, "aliases": [], "state": "PENDING"})
        kept["aliases"] += [alias["alias"] for alias in given.get("aliases") or []]
        sequence = {"id": name, "latestArtifact": None}
        return {"createArtifact": {"artifact": {
            "id": key, "state": "COMMITTED" if known else "PENDING", "artifactSequence": sequence,
        }}}  # fmt: skip

    def CreateArtifactManifest(self, v):
        path = f"{v['artifactID']}/manifest-{v['digest']}.json"
        self.server.artifacts[v["artifactID"]]["manifest"] = f"/storage/{path}"
        file = {"id": "f", "uploadUrl": self.store(path), "uploadHeaders": []}
        return {"createArtifactManifest": {"artifactManifest": {"id": "m", "file": file}}}

    UpdateArtifactManifest = unknown

    def CreateArtifactFiles(self, v):
        def node(file):
            where = f"{file['artifactID']}/{file['name']}"
            return {"storagePath": where, "uploadUrl": self.store(where), "uploadHeaders": [],
                    "uploadMultipartUrls": None, "artifact": {"id": file["artifactID"]}}  # fmt: skip

        edges = [{"node": node(file)} for file in v["input"]["artifactFiles"]]
        return {"createArtifactFiles": {"files": {"edges": edges}}}

    def CommitArtifact(self, v):
        artifact = self.server.artifacts[v["artifactID"]]
        artifact["state"] = "COMMITTED"
        return {"commitArtifact": {"artifact": {"id": v["artifactID"], "digest": artifact["digest"]}}}

    def UseArtifact(self, v):
        self.server.used.append((v["input"]["runName"], v["input"]["artifactID"]))
        return {"useArtifact": {"artifact": {"id": v["input"]["artifactID"]}}}

    def ArtifactMembershipByName(self, v):
        name, alias = v["name"].split(":")
        found = [(k, a) for k, a in self.server.artifacts.items() if k.startswith(f"{name}-") and alias in a["aliases"]]
        if not found:
            return {"project": {"artifactCollectionMembership": None}}
        ((key, kept),) = found
        project = {"id": "p", "internalId": "p", "name": v["project"], "entity": {"name": v["entity"]}}
        about = {"name": name, "project": project}
        artifact = {
            "__typename": "Artifact", "id": key, "artifactSequence": {"__typename": "ArtifactSequence", **about},
            "versionIndex": 0, "artifactType": {"name": kept["artifactTypeName"]}, "description": None,
            "metadata": kept.get("metadata"), "ttlDurationSeconds": -2, "ttlIsInherited": False, "tags": [],
            "historyStep": None, "state": kept["state"], "size": 1, "digest": kept["digest"], "commitHash": "c",
            "fileCount": 1, "createdAt": "2026-01-01T00:00:00", "updatedAt": None, "aliases": [],
        }  # fmt: skip
        collection = {"__typename": "ArtifactSequence", **about}
        return {"project": {"artifactCollectionMembership": {
            "__typename": "ArtifactCollectionMembership", "id": "m", "versionIndex": 0, "createdAt": "2026",
            "aliases": [], "artifactCollection": collection, "artifact": artifact,
        }}}  # fmt: skip

    def FetchArtifactManifest(self, v):
        url = self.server.url + self.server.artifacts[v["id"]]["manifest"]
        return {"artifact": {"currentManifest": {"file": {"directUrl": url}}}}

    def GetArtifactMembershipFileUrls(self, v):
        ((key, _),) = [(k, a) for k, a in self.server.artifacts.items() if k.startswith(f"{v['collection']}-")]
        stored = [p for p in self.server.files if p.startswith(f"/storage/{key}/") and "/manifest-" not in p]
        nodes = [
            {"__typename": "File", "name": path.removeprefix(f"/storage/{key}/"), "directUrl": self.server.url + path}
            for path in stored
        ]
        page = {"__typename": "PageInfo", "endCursor": None, "hasNextPage": False}
        files = {"pageInfo": page, "edges": [{"node": node} for node in nodes]}
        membership = {"artifactMembership": {"files": files}}
        return {"project": {"artifactCollection": {"__typename": "ArtifactSequence", **membership}}}

    def Runs(self, v):
        if v["project"] not in [run["project"] for run in self.server.runs.values()]:
            return {"project": None}
        wanted = json.loads(v["filters"])
        edges = []
        for name, run in self.server.runs.items():
            if run.get("jobType") != wanted["jobType"] or wanted["tags"] not in run.get("tags", []):
                continue
            edges.append({"cursor": name, "node": {
                "id": name, "projectId": "1", "tags": run["tags"], "name": name, "displayName": run["displayName"],
                "sweepName": None, "state": "finished", "config": run["config"], "group": run["groupName"],
                "jobType": run["jobType"], "commit": None, "readOnly": False, "createdAt": "2026-01-01T00:00:00",
                "heartbeatAt": None, "description": None, "notes": None, "systemMetrics": "{}", "historyKeys": {},
                "summaryMetrics": json.dumps(self.server.summary(name)), "historyLineCount": 0, "user": {"name": "me"},
            }})  # fmt: skip
        page = {"endCursor": None, "hasNextPage": False}
        runs = {"edges": edges, "pageInfo": page}
        return {"project": {"internalId": "p", "runCount": len(edges), "readOnly": False, "runs": runs}}


@contextlib.contextmanager
def serving():
    server = Server()
    try:
        yield server
    finally:
        server.mode = "error"  # lets go of what hangs
        server.shutdown()
        server.server_close()
