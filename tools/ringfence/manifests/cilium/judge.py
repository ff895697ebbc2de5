"""Findings with two judges: the API server, which may refuse an object, and the agent, which may not enforce it."""

from __future__ import annotations

import enum
from collections.abc import Collection
from typing import Any

from ringfence.documents.document import Document, Route
from ringfence.manifests.cilium.checks import NOT_ENFORCED, REFUSED, UNKNOWN_FIELD
from ringfence.manifests.reader import Reader
from ringfence.values.nearest import did_you_mean


class By(enum.Flag):
    """Who refuses."""

    API = enum.auto()
    AGENT = enum.auto()
    BOTH = API | AGENT


class Judge(Reader):
    """A reader that keeps apart who refuses what.

    `undecodable`: a value has a type that nobody can decode, so nothing further can be read. `by_release`: agents of
    some releases refuse the object, and those of others obey it.
    """

    def __init__(self, document: Document, root: Route) -> None:
        super().__init__(document, root, REFUSED)
        self.refused_by = By(0)
        self.undecodable = False
        self.by_release = False
        self._routes: list[Route] = []

    def refuse(self, route: Route, message: str, hint: str = "", *, readable: bool = False, by: By = By.API) -> None:
        """Record an error, by default one of the API server."""
        if by is By.AGENT:
            self.agent(route, message, hint)
            return
        self.refused_by |= by
        self._routes.append(route)
        super().refuse(route, message, hint, readable=readable)

    def agent(self, route: Route, message: str, hint: str = "") -> None:
        """Record that the agent refuses; no second finding where the server refuses the same value already."""
        self.refused = True
        self.refused_by |= By.AGENT
        if any(route[: len(known)] == known or known[: len(route)] == route for known in self._routes):
            return
        text = f"{message}; the API server accepts the object, Cilium's agent does not enforce it: it fails open"
        where = self.document.at_key(*self.root, *route)
        self.findings.append(NOT_ENFORCED.at(where, text, hint=hint, subject=self.subject))

    def mapping(
        self, value: Any, route: Route, known: Collection[str], required: bool = False
    ) -> dict[str, Any] | None:
        """The mapping, after a finding for each key that is not known."""
        data: dict[str, Any] | None = self.typed(value, dict, route, required)
        for key in data or ():
            if key not in known:
                self.undeclared((*route, key), list(known))
        return data

    def undeclared(self, route: Route, known: list[str]) -> None:
        """Record a field that the CRD does not declare."""
        self.refused = True
        self.refused_by |= By.API
        message = f"unknown field `{route[-1]}`: the server drops or refuses it, and the rest means something else"
        hint = did_you_mean(str(route[-1]), known) or f"known: {', '.join(sorted(known))}"
        where = self.document.at_key(*self.root, *route)
        self.findings.append(UNKNOWN_FIELD.at(where, message, hint=hint, subject=self.subject))

    def mistyped(self, route: Route, message: str, hint: str = "") -> None:
        """Record a value that neither server nor agent can decode."""
        self.undecodable = True
        self.refuse(route, message, hint, by=By.BOTH)


def listed(data: dict[str, Any], key: str) -> list[Any]:
    """The list at a key; empty where it is absent or null."""
    value: list[Any] | None = data.get(key)
    return value or []


def mapped(data: dict[str, Any], key: str) -> dict[str, Any]:
    """The mapping at a key; empty where it is absent or null."""
    value: dict[str, Any] | None = data.get(key)
    return value or {}
