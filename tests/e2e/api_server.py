"""A real kube-apiserver with its etcd, for as long as a test session lasts, and what it says to objects."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEADLINE = 120
"""Seconds that the server has to become ready."""

ADMIN = "admin"
"""The token of a member of system:masters. Others are given to `ApiServer` by name."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The HTTP status, and the object or the Status that came back."""

    status: int
    body: dict[str, Any]

    @property
    def accepted(self) -> bool:
        return self.status in (200, 201)

    @property
    def message(self) -> str:
        return str(self.body.get("message", ""))


class ApiServer:
    """Starts on construction; `close` ends it. `tokens` are lines of a static token file: token,user,uid,"groups"."""

    def __init__(self, binary: Path, folder: Path, tokens: Iterable[str] = ()) -> None:
        etcd, peer, self._port = _free_ports(3)
        (folder / "tokens.csv").write_text("\n".join([f"{ADMIN},{ADMIN},1,system:masters", *tokens]) + "\n")
        subprocess.run(["openssl", "genrsa", "-out", folder / "key", "2048"], check=True, capture_output=True)
        clients, peers = f"http://127.0.0.1:{etcd}", f"http://127.0.0.1:{peer}"
        self._log = folder / "server.log"
        own = "--etcd-servers", clients, "--secure-port", str(self._port), "--bind-address", "127.0.0.1"
        accounts = "--service-account-key-file", str(folder / "key"), "--service-account-signing-key-file"
        access = "--token-auth-file", str(folder / "tokens.csv"), "--authorization-mode", "RBAC"
        listening = "--listen-client-urls", clients, "--advertise-client-urls", clients, "--listen-peer-urls", peers
        store = "--data-dir", str(folder / "etcd"), "--unsafe-no-fsync", "--log-level", "error"
        members = "--initial-advertise-peer-urls", peers, "--initial-cluster", f"default={peers}"
        issuer = "--service-account-issuer", "https://tests.example.com", "--cert-dir", str(folder / "certs")
        services = "--service-cluster-ip-range", "10.96.0.0/16"
        self._processes = [
            self._start(str(binary), "etcd", *store, *listening, *members),
            self._start(str(binary), *own, *accounts, str(folder / "key"), *access, *issuer, *services),
        ]
        self._paths: dict[tuple[str, str], tuple[str, bool]] = {}
        self._wait()

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log)

    def _wait(self) -> None:
        end = time.monotonic() + DEADLINE
        while time.monotonic() < end:
            if any(process.poll() is not None for process in self._processes):
                break
            try:
                if self.request("GET", "/readyz").status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.2)
        self.close()
        raise RuntimeError(f"the API server did not become ready:\n{self._log.read_text()[-2000:]}")

    def close(self) -> None:
        for process in reversed(self._processes):
            process.kill()  # what it stores lives no longer than the tests
        for process in self._processes:
            process.wait(30)

    def request(self, method: str, path: str, body: Any = None, token: str = ADMIN) -> Answer:
        request = urllib.request.Request(f"https://127.0.0.1:{self._port}{path}", method=method)
        request.add_header("Authorization", f"Bearer {token}")
        if body is not None:
            request.data = json.dumps(body).encode()
            kind = "apply-patch+yaml" if method == "PATCH" else "json"
            request.add_header("Content-Type", f"application/{kind}")
        try:
            with urllib.request.urlopen(request, context=ssl._create_unverified_context()) as reply:  # noqa: S310, S323
                return _answer(reply.status, reply.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return _answer(refused.code, refused.read())

    def apply(self, item: dict[str, Any], token: str = ADMIN, manager: str = "ringfence") -> Answer:
        """Strict server-side apply, as Argo CD does with ServerSideApply."""
        query = urllib.parse.urlencode({"fieldManager": manager, "fieldValidation": "Strict", "force": "true"})
        return self.request("PATCH", f"{self.path(item)}?{query}", item, token)

    def delete(self, item: dict[str, Any], token: str = ADMIN) -> Answer:
        return self.request("DELETE", self.path(item), token=token)

    def path(self, item: dict[str, Any]) -> str:
        """The path of an object, by what the server says of its kind."""
        version, kind = item["apiVersion"], item["kind"]
        if (version, kind) not in self._paths:
            root = f"/apis/{version}" if "/" in version else f"/api/{version}"
            for resource in self.request("GET", root).body.get("resources", ()):
                if "/" not in resource["name"]:
                    self._paths[version, resource["kind"]] = f"{root}/{{}}{resource['name']}", resource["namespaced"]
        form, namespaced = self._paths[version, kind]
        meta = item["metadata"]
        namespace = f"namespaces/{meta['namespace']}/" if namespaced else ""
        return f"{form.format(namespace)}/{urllib.parse.quote(meta['name'])}"

    def define(self, definitions: Iterable[dict[str, Any]]) -> None:
        """Create custom resources, and wait until the server serves them."""
        wanted = list(definitions)
        for item in wanted:
            answer = self.apply(item)
            assert answer.accepted, answer.message
        end = time.monotonic() + DEADLINE
        while not all(self._served(item) for item in wanted):
            assert time.monotonic() < end, "custom resources are not established"
            time.sleep(0.2)

    def _served(self, definition: dict[str, Any]) -> bool:
        group, names = definition["spec"]["group"], definition["spec"]["names"]
        return all(
            any(
                resource["name"] == names["plural"]
                for resource in self.request("GET", f"/apis/{group}/{version['name']}").body.get("resources", ())
            )
            for version in definition["spec"]["versions"]
            if version["served"]
        )


def _answer(status: int, body: bytes) -> Answer:
    try:
        return Answer(status, json.loads(body))
    except ValueError:
        return Answer(status, {"message": body.decode(errors="replace")})


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for item in sockets:
        item.bind(("127.0.0.1", 0))
    ports = [item.getsockname()[1] for item in sockets]
    for item in sockets:
        item.close()
    return ports
