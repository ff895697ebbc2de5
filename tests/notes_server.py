"""A server that behaves as GitLab's APIs of notes, approvals and members document, with accidents on demand."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

TOKEN = "glpat-Secret_Of-The.Test"
NOTES = "/api/v4/projects/7/merge_requests/3/notes"
APPROVALS = "/api/v4/projects/7/merge_requests/3/approvals"
GROUPS, MEMBERS = "/api/v4/groups/", "/members"
ME = {"id": 41, "username": "project_7_bot"}
SOMEBODY = {"id": 1, "username": "root"}

Accident = Callable[["Handler"], bool]
"""What happens instead of, or before, a request; true where that was all."""


@dataclass
class Server:
    """`notes` are on the merge request; `accidents` befall the next requests of a method, in turn."""

    address: str = ""
    notes: list[dict[str, Any]] = field(default_factory=list)
    accidents: dict[str, list[Accident]] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    page_limit: int = 100
    user_status: int = 200
    approved: list[str] = field(default_factory=list)
    """Who has approved, by username."""
    groups: dict[str, list[str]] = field(default_factory=dict)
    """The direct members of groups that the token may see."""
    strange_groups: dict[str, Accident] = field(default_factory=dict)
    """What happens on each request for the members of a group."""

    @property
    def api(self) -> str:
        return f"{self.address}/api/v4"

    @property
    def environ(self) -> dict[str, str]:
        return {
            "CI_API_V4_URL": self.api,
            "CI_PROJECT_ID": "8",
            "CI_MERGE_REQUEST_PROJECT_ID": "7",
            "CI_MERGE_REQUEST_IID": "3",
            "CI_PIPELINE_ID": "500",
            "CI_JOB_URL": "https://gitlab.example.com/p/-/jobs/9",
            "RINGFENCE_GITLAB_TOKEN": TOKEN,
        }

    def add(self, body: str, author: dict[str, Any] | None = None) -> int:
        number = 1000 + len(self.notes)
        self.notes.append({"id": number, "body": body, "author": author or ME, "system": False})
        return number

    def befall(self, method: str, *accidents: Accident) -> None:
        self.accidents.setdefault(method, []).extend(accidents)


def status(code: int, body: Any = None, **headers: str) -> Accident:
    """The server answers with a status."""

    def happen(handler: Handler) -> bool:
        content = (
            body
            if isinstance(body, bytes)
            else json.dumps({"message": f"{code} said"} if body is None else body).encode()
        )
        handler.reply(code, content, {name.replace("_", "-"): value for name, value in headers.items()})
        return True

    return happen


def slow(seconds: float) -> Accident:
    """The server takes its time, and then does it."""

    def happen(handler: Handler) -> bool:
        time.sleep(seconds)
        return False

    return happen


def done_and_lost(handler: Handler) -> bool:
    """The server does what is asked, and a gateway in front of it says 502."""
    handler.perform(lambda *_: None)
    return status(502)(handler)


def hang_up(handler: Handler) -> bool:
    """The connection breaks before an answer."""
    handler.close_connection = True
    handler.connection.close()
    return True


@contextmanager
def serving() -> Iterator[Server]:
    """A server on a free port of this machine."""
    state = Server()
    handler = type("Bound", (Handler,), {"state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        http.daemon_threads = True
        state.address = f"http://127.0.0.1:{http.server_address[1]}"
        thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield state
        finally:
            http.shutdown()
            thread.join()


class Handler(BaseHTTPRequestHandler):
    state: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        self.answer()

    def do_POST(self) -> None:
        self.answer()

    def do_PUT(self) -> None:
        self.answer()

    def do_DELETE(self) -> None:
        self.answer()

    def answer(self) -> None:
        self.content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.state.requests.append(f"{self.command} {urlsplit(self.path).path.removeprefix('/api/v4')}")
        group = unquote(urlsplit(self.path).path.removeprefix(GROUPS).removesuffix(MEMBERS))
        if group in self.state.strange_groups and self.state.strange_groups[group](self):
            return
        waiting = self.state.accidents.get(self.command)
        if waiting and waiting.pop(0)(self):
            return
        self.perform(self.reply)

    def perform(self, reply: Callable[[int, bytes, dict[str, str]], None]) -> None:
        url = urlsplit(self.path)
        if self.headers.get("PRIVATE-TOKEN") != TOKEN:
            reply(401, b'{"message":"401 Unauthorized"}', {})
        elif self.command == "GET" and url.path == "/api/v4/user":
            reply(self.state.user_status, json.dumps(ME).encode(), {})
        elif self.command == "GET" and url.path == NOTES:
            query = {key: value[0] for key, value in parse_qs(url.query).items()}
            assert (query["sort"], query["order_by"]) == ("asc", "created_at")
            self.list(reply, query, self.state.notes)
        elif self.command == "GET" and url.path == APPROVALS:
            found = [{"user": {"id": 1, "username": name, "state": "active"}} for name in self.state.approved]
            reply(200, json.dumps({"approved": bool(found), "approved_by": found}).encode(), {})
        elif self.command == "GET" and (group := unquote(url.path.removeprefix(GROUPS).removesuffix(MEMBERS))) in (
            self.state.groups
        ):
            assert url.path == f"{GROUPS}{quote(group, safe='')}{MEMBERS}"
            members = [{"username": name, "state": "active"} for name in self.state.groups[group]]
            self.list(reply, {key: value[0] for key, value in parse_qs(url.query).items()}, members)
        elif self.command == "POST" and url.path == NOTES:
            number = self.state.add(json.loads(self.content)["body"])
            reply(201, json.dumps({"id": number}).encode(), {})
        elif self.command == "PUT" and url.path.startswith(f"{NOTES}/"):
            number = int(url.path.rpartition("/")[2])
            note = next(item for item in self.state.notes if item["id"] == number)
            note["body"] = json.loads(self.content)["body"]
            reply(200, json.dumps(note).encode(), {})
        elif self.command == "DELETE" and url.path.startswith(f"{NOTES}/"):
            number = int(url.path.rpartition("/")[2])
            self.state.notes[:] = [item for item in self.state.notes if item["id"] != number]
            reply(204, b"", {})
        else:
            reply(404, b'{"message":"404 Not found"}', {})

    def list(
        self, reply: Callable[[int, bytes, dict[str, str]], None], query: dict[str, str], items: list[dict[str, Any]]
    ) -> None:
        page, size = int(query["page"]), min(int(query["per_page"]), self.state.page_limit)
        last = -(-len(items) // size) or 1
        headers = {
            "X-Page": str(page),
            "X-Per-Page": str(size),
            "X-Next-Page": str(page + 1) if page < last else "",
            "X-Total": str(len(items)),
            "X-Total-Pages": str(last),
        }
        reply(200, json.dumps(items[(page - 1) * size : page * size]).encode(), headers)

    def reply(self, code: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
