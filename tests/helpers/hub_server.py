"""A small Hugging Face Hub on this machine, for the real client: what ``HF_ENDPOINT`` points at in tests.

It speaks what huggingface_hub asks of models, Spaces and data sets: whoami, create, branches and tags, revision, tree
and paths, preupload, LFS batch, upload and verify, commits of newline-delimited JSON, and files by resolve, with ETag,
commit and LFS headers, redirects to another host and ranges. Whatever it is told to do wrong, it does: statuses, and
connections cut in the middle.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

REPO = r"(?P<name>[\w.-]+/[\w.-]+)"
KIND = r"/api/(?P<kind>model|space|dataset)s"
PREFIX = r"(?P<kind>spaces/|datasets/)?"


@dataclass(frozen=True)
class File:
    """A file in a commit; ``lfs`` when it is kept by its SHA-256."""

    content: bytes
    lfs: bool = False

    @property
    def oid(self) -> str:
        """What the Hub knows it by: as git does, or by its SHA-256."""
        if self.lfs:
            return hashlib.sha256(self.content).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(self.content) + self.content).hexdigest()


@dataclass
class Repository:
    """Commits, and branches and tags that name them; ``gated`` when nobody has been let in yet."""

    private: bool = False
    gated: bool = False
    commits: dict[str, dict[str, File]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    refs: dict[str, str] = field(default_factory=dict)

    def commit(self, branch: str, files: dict[str, File], message: str = "") -> str:
        """Put a whole tree on top of a branch; its revision."""
        oid = hashlib.sha1(f"{len(self.messages)}{branch}{message}".encode()).hexdigest()
        self.commits[oid] = files
        self.messages.append(message)
        self.refs[branch] = oid
        return oid

    def files(self, revision: str = "main") -> dict[str, bytes]:
        """The contents at a revision, by path."""
        return {path: file.content for path, file in self.commits[self.refs.get(revision, revision)].items()}


@dataclass
class Fault:
    """What goes wrong with the next ``times`` requests of this method and path.

    ``status`` is answered; or the connection is cut after ``cut`` bytes of the answer's body (of the request's, for an
    upload), with ``after`` only once the request was carried out.
    """

    method: str
    path: str
    status: int = 0
    cut: int = 0
    times: int = 1
    after: bool = False


class Answer(Exception):
    """Ends a request with this status."""

    def __init__(self, status: int, body: Any = None, **headers: str) -> None:
        super().__init__(status)
        self.status = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.body = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()


def refused(status: int, code: str, message: str) -> Answer:
    """As the Hub says no."""
    return Answer(status, {"error": message}, X_Error_Code=code, X_Error_Message=message)


def folders_of(files: dict[str, File]) -> list[str]:
    """All folders of a tree."""
    return sorted({str(folder) for path in files for folder in PurePosixPath(path).parents} - {"."})


def row(path: str, files: dict[str, File]) -> dict[str, Any]:
    """A file or a folder, as the Hub lists it."""
    if path not in files:
        return {"type": "directory", "path": path, "size": 0, "oid": "0" * 40}
    file = files[path]
    large = {"lfs": {"oid": file.oid, "size": len(file.content), "pointerSize": 134}} if file.lfs else {}
    return {"type": "file", "path": path, "size": len(file.content), "oid": file.oid, **large}


class Hub:
    """What the server holds, and what it was asked.

    Attributes:
        tokens: token -> the user whose it is; ``readers``: tokens that may not write.
        repositories: (kind, ``OWNER/NAME``) -> the repository; ``large``: SHA-256 -> what was uploaded by LFS.
        requests: ``"GET /path"`` in order; ``faults``: what is to go wrong.
    """

    def __init__(self) -> None:
        self.tokens = {"hf_writer": "someone", "hf_reader": "someone", "hf_other": "other"}
        self.readers = {"hf_reader"}
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.large: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.leaked: list[str] = []
        self.faults: list[Fault] = []
        self.lock = threading.Lock()
        self.endpoint = ""

    def __getitem__(self, name: str) -> Repository:
        """A model's repository, or another's as ``spaces/OWNER/NAME`` or ``datasets/OWNER/NAME``."""
        kind, _, rest = name.partition("s/")
        return self.repositories[(kind, rest) if kind in ("space", "dataset") else ("model", name)]

    def publish(self, kind: str, name: str, files: dict[str, bytes], *, private: bool = False) -> Repository:
        """A repository as if somebody had pushed it; files with an ending of large ones are kept by their SHA-256."""
        made = self.repositories[kind, name] = Repository(private)
        tree = {path: File(content, lfs=path.endswith((".parquet", ".safetensors"))) for path, content in files.items()}
        self.large |= {file.oid: file.content for file in tree.values() if file.lfs}
        made.commit("main", tree, "everything")
        return made

    def fail(self, method: str, path: str, status: int = 0, **how: Any) -> None:
        """Have requests go wrong; see :class:`Fault`."""
        self.faults.append(Fault(method, path, status, **how))

    def fault(self, method: str, path: str) -> Fault | None:
        """What goes wrong with this request."""
        with self.lock:
            for fault in self.faults:
                if fault.times > 0 and fault.method == method and re.search(fault.path, path):
                    fault.times -= 1
                    return fault
        return None

    def asked(self, method: str, path: str) -> int:
        """How many requests of this method had a path with ``path`` in it."""
        return sum(1 for request in self.requests if request.startswith(f"{method} ") and path in request)

    @contextmanager
    def serving(self) -> Iterator[Hub]:
        """Serve on a free port; ``endpoint`` says where."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("BoundHandler", (Handler,), {"hub": self}))
        server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._do()

    do_HEAD = do_POST = do_PUT = do_GET

    def _do(self) -> None:
        address = urlsplit(self.path)
        self.route, self.query = unquote(address.path), parse_qs(address.query)
        self.hub.requests.append(f"{self.command} {self.route}")
        fault = self.hub.fault(self.command, self.route)
        if fault and self.command == "PUT" and not fault.status and not fault.after:
            self.rfile.read(fault.cut)
            return self._cut()
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if fault and fault.status:
            busy = {"Retry-After": "0"} if fault.status == 429 else {}
            return self._send(Answer(fault.status, b"<html>out of order</html>", **busy))
        if fault and not fault.cut and not fault.after:
            return self._cut()
        try:
            self._dispatch()
            answer = refused(404, "", "no such route")
        except Answer as reached:
            answer = reached
        if fault and fault.after:
            return self._cut()
        return self._send(answer, fault.cut if fault else None)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(2)

    def _send(self, answer: Answer, most: int | None = None) -> None:
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body[:most])
        if most is not None:
            self.wfile.flush()
            self._cut()

    def _dispatch(self) -> None:
        for method, pattern, action in ROUTES:
            found = re.fullmatch(pattern, self.route)
            if found and self.command in method:
                action(self, **found.groupdict())

    # who is asking

    @property
    def token(self) -> str:
        return (self.headers.get("Authorization") or "").removeprefix("Bearer ")

    def user(self, *, writing: bool = False) -> str:
        if self.token not in self.hub.tokens:
            message = "Invalid credentials in Authorization header" if self.token else "Invalid username or password."
            raise refused(401, "", message)
        if writing and self.token in self.hub.readers:
            raise refused(403, "", "Forbidden: this token is read-only")
        return self.hub.tokens[self.token]

    def repository(self, kind: str | None, name: str, *, writing: bool = False) -> Repository:
        found = self.hub.repositories.get((kind or "model", name))
        owner = name.partition("/")[0]
        hidden = found is None or (found.private and self.hub.tokens.get(self.token) != owner)
        if hidden and not self.token:
            raise refused(401, "", "Invalid username or password.")
        if writing and not hidden and self.user(writing=True) != owner:
            raise refused(403, "", "You don't have the rights to write here")
        if self.token:
            self.user()
        if found is None or hidden:
            raise refused(404, "RepoNotFound", "Repository not found")
        if found.gated:
            raise refused(403, "GatedRepo", "Access to this repository is restricted")
        return found

    def files(self, repository: Repository, revision: str) -> tuple[str, dict[str, File]]:
        oid = repository.refs.get(revision, revision)
        if oid not in repository.commits:
            raise refused(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return oid, repository.commits[oid]

    # what can be asked

    def whoami(self) -> None:
        raise Answer(200, {"name": self.user(), "type": "user", "auth": {"type": "access_token"}})

    def create(self) -> None:
        asked, user = json.loads(self.body), self.user(writing=True)
        owner, kind = asked.get("organization") or user, asked.get("type") or "model"
        name = f"{owner}/{asked['name']}"
        url = f"{self.hub.endpoint}/{'spaces/' if kind == 'space' else ''}{name}"
        if owner != user:
            raise refused(403, "", f'You don\'t have the rights to create a {kind} under the namespace "{owner}"')
        if (kind, name) in self.hub.repositories:
            raise Answer(409, {"error": f"You already created this {kind} repo", "url": url})
        private = asked.get("visibility") == "private" or bool(asked.get("private"))
        made = self.hub.repositories[kind, name] = Repository(private)
        files = {".gitattributes": File(b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n")}
        if kind == "space":
            about = f"---\ntitle: {asked['name']}\nsdk: {asked['sdk']}\n---\n\n"
            about += (
                "Check out the configuration reference at https://huggingface.co/docs/hub/spaces-config-reference\n"
            )
            files["README.md"] = File(about.encode())
        made.commit("main", files, "initial commit")
        raise Answer(200, {"url": url, "name": name, "id": name})

    def info(self, kind: str, name: str, revision: str = "main") -> None:
        repository = self.repository(kind, name)
        oid, files = self.files(repository, revision)
        about = {"_id": "1", "id": name, "sha": oid, "private": repository.private, "tags": [], "downloads": 0}
        raise Answer(200, {**about, "likes": 0, "siblings": [{"rfilename": path} for path in files]})

    def refs(self, kind: str, name: str) -> None:
        repository = self.repository(kind, name)
        refs = [{"name": n, "ref": f"refs/heads/{n}", "targetCommit": oid} for n, oid in repository.refs.items()]
        raise Answer(200, {"branches": refs, "converts": [], "tags": []})

    def branch(self, kind: str, name: str, branch: str) -> None:
        repository = self.repository(kind, name, writing=True)
        if branch in repository.refs:
            raise refused(409, "", f"Reference already exists: {branch}")
        repository.refs[branch] = self.files(repository, json.loads(self.body).get("startingPoint", "main"))[0]
        raise Answer(200, {})

    def tag(self, kind: str, name: str, revision: str) -> None:
        repository = self.repository(kind, name, writing=True)
        repository.refs[json.loads(self.body)["tag"]] = self.files(repository, revision)[0]
        raise Answer(200, {})

    def tree(self, kind: str, name: str, revision: str, folder: str | None = None) -> None:
        _, files = self.files(self.repository(kind, name), revision)
        inside = f"{folder}/" if folder else ""
        below = [row(path, files) for path in [*folders_of(files), *files] if path.startswith(inside)]
        if not below:
            raise refused(404, "EntryNotFound", f"{folder} does not exist")
        everything = self.query.get("recursive", ["false"])[0].lower() == "true"
        raise Answer(200, [one for one in below if everything or "/" not in one["path"].removeprefix(inside)])

    def paths(self, kind: str, name: str, revision: str) -> None:
        _, files = self.files(self.repository(kind, name), revision)
        kind_of_body = self.headers.get("Content-Type") or ""
        asked = json.loads(self.body) if "json" in kind_of_body else parse_qs(self.body.decode())
        raise Answer(200, [row(path, files) for path in asked["paths"] if path in files or path in folders_of(files)])

    def validate(self) -> None:
        content = json.loads(self.body)["content"]
        bad = not content.startswith("---\n")
        raise Answer(200, {"errors": [], "warnings": [{"message": "empty metadata"}] if bad else []})

    def preupload(self, kind: str, name: str, revision: str) -> None:
        _, there = self.files(self.repository(kind, name, writing=True), revision)
        rows = []
        for file in json.loads(self.body)["files"]:
            row = {"path": file["path"], "shouldIgnore": False}
            row["uploadMode"] = "lfs" if file["path"].endswith(".safetensors") else "regular"
            rows.append(row | ({"oid": there[file["path"]].oid} if file["path"] in there else {}))
        raise Answer(200, {"files": rows})

    def batch(self, kind: str | None, name: str) -> None:
        self.repository((kind or "model").rstrip("s/"), name, writing=True)
        rows = []
        for one in json.loads(self.body)["objects"]:
            upload = {"href": f"{self.hub.endpoint}/upload/{one['oid']}"}
            verify = {"href": f"{self.hub.endpoint}/verify/{one['oid']}"}
            done = one["oid"] in self.hub.large
            rows.append({**one, **({} if done else {"actions": {"upload": upload, "verify": verify}})})
        raise Answer(200, {"transfer": "basic", "objects": rows})

    def upload(self, oid: str) -> None:
        if hashlib.sha256(self.body).hexdigest() != oid:
            raise refused(400, "", "the content is not what its hash says")
        self.hub.large[oid] = self.body
        raise Answer(200)

    def verify(self, oid: str) -> None:
        self.user(writing=True)
        asked = json.loads(self.body)
        if asked["oid"] != oid or len(self.hub.large.get(oid, b"")) != asked["size"]:
            raise refused(404, "", "was not uploaded")
        raise Answer(200)

    def commit(self, kind: str, name: str, revision: str) -> None:
        repository = self.repository(kind, name, writing=True)
        with self.hub.lock:
            oid, before = self.files(repository, revision)
            lines = [json.loads(line) for line in self.body.splitlines()]
            header = lines[0]["value"]
            if header.get("parentCommit", oid) != oid:
                raise refused(412, "", "The parent commit has changed")
            files = dict(before)
            for line in lines[1:]:
                value = line["value"]
                if line["key"] == "file":
                    files[value["path"]] = File(base64.b64decode(value["content"]))
                elif line["key"] == "lfsFile":
                    if value["oid"] not in self.hub.large:
                        raise refused(400, "", "that was never uploaded")
                    files[value["path"]] = File(self.hub.large[value["oid"]], lfs=True)
                elif line["key"] == "deletedFile":
                    del files[value["path"]]
            made = repository.commit(revision, files, header["summary"])
        raise Answer(
            200, {"success": True, "commitOid": made, "commitUrl": f"{self.hub.endpoint}/{name}/commit/{made}"}
        )

    def resolve(self, kind: str | None, name: str, revision: str, path: str) -> None:
        oid, files = self.files(self.repository((kind or "model").rstrip("s/"), name), revision)
        if path not in files:
            raise refused(404, "EntryNotFound", "Entry not found")
        file = files[path]
        if not file.lfs:
            raise self.ranged(file, X_Repo_Commit=oid)
        elsewhere = f"{self.hub.endpoint.replace('127.0.0.1', 'localhost')}/content/{file.oid}"
        linked = {"X_Linked_Etag": f'"{file.oid}"', "X_Linked_Size": str(len(file.content))}
        raise Answer(302, None, Location=elsewhere, X_Repo_Commit=oid, **linked)

    def content(self, oid: str) -> None:
        if self.token:
            self.hub.leaked.append(self.token)
        raise self.ranged(File(self.hub.large[oid], lfs=True))

    def ranged(self, file: File, **headers: str) -> Answer:
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        said = {"ETag": f'"{file.oid}"', "Accept_Ranges": "bytes", **headers}
        if not wanted:
            return Answer(200, file.content, **said)
        start, end = int(wanted[1]), int(wanted[2]) + 1 if wanted[2] else len(file.content)
        part = file.content[start:end]
        said["Content_Range"] = f"bytes {start}-{start + len(part) - 1}/{len(file.content)}"
        return Answer(206, part, **said)


ROUTES: list[tuple[str, str, Callable[..., None]]] = [
    ("GET", r"/api/whoami-v2", Handler.whoami),
    ("POST", r"/api/repos/create", Handler.create),
    ("POST", r"/api/validate-yaml", Handler.validate),
    ("GET", rf"{KIND}/{REPO}", Handler.info),
    ("GET", rf"{KIND}/{REPO}/revision/(?P<revision>.+)", Handler.info),
    ("GET", rf"{KIND}/{REPO}/refs", Handler.refs),
    ("POST", rf"{KIND}/{REPO}/branch/(?P<branch>.+)", Handler.branch),
    ("POST", rf"{KIND}/{REPO}/tag/(?P<revision>.+)", Handler.tag),
    ("GET", rf"{KIND}/{REPO}/tree/(?P<revision>[^/]+)/?", Handler.tree),
    ("GET", rf"{KIND}/{REPO}/tree/(?P<revision>[^/]+)/(?P<folder>.+)", Handler.tree),
    ("POST", rf"{KIND}/{REPO}/paths-info/(?P<revision>[^/]+)", Handler.paths),
    ("POST", rf"{KIND}/{REPO}/preupload/(?P<revision>.+)", Handler.preupload),
    ("POST", rf"{KIND}/{REPO}/commit/(?P<revision>.+)", Handler.commit),
    ("POST", rf"/{PREFIX}{REPO}\.git/info/lfs/objects/batch", Handler.batch),
    ("PUT", r"/upload/(?P<oid>\w+)", Handler.upload),
    ("POST", r"/verify/(?P<oid>\w+)", Handler.verify),
    ("GET HEAD", r"/content/(?P<oid>\w+)", Handler.content),
    ("GET HEAD", rf"/{PREFIX}{REPO}/resolve/(?P<revision>[^/]+)/(?P<path>.+)", Handler.resolve),
]
