"""Typed access to one object of a document, with a finding for everything that is not as the API declares it.

A reader never raises: a wrong value gives a finding, marks the object as refused and reads as absent. `null` is
absent, as in the API server. A badly formed name is an error too, but what the object means is clear: it stays
readable.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from typing import Any

from ringfence.documents.document import Document, Route
from ringfence.findings import Check, Finding, Location
from ringfence.manifests import names
from ringfence.manifests.checks import OBJECT_REFUSED, UNKNOWN_FIELD

_METADATA = frozenset(
    {
        "annotations",
        "creationTimestamp",
        "deletionGracePeriodSeconds",
        "deletionTimestamp",
        "finalizers",
        "generateName",
        "generation",
        "labels",
        "managedFields",
        "name",
        "namespace",
        "ownerReferences",
        "resourceVersion",
        "selfLink",
        "uid",
    }
)
_ANNOTATIONS_LIMIT = 256 * 1024


def kind_of(value: object) -> str:
    """How a person calls the type of a value of plain data."""
    names_of = {dict: "a mapping", list: "a list", str: "a text", bool: "a boolean", int: "a number", float: "a number"}
    return names_of.get(type(value), "nothing")


def brief(text: str) -> str:
    """A message with what is written without a blank cut short where it is longer than any name can be."""
    return _ENDLESS.sub(lambda found: f"{found[0][:57]}…", text) if len(text) > _LONGEST else text


_LONGEST = 400
_ENDLESS = re.compile(rf"\S{{{_LONGEST},}}")


class Reader:
    """Reads one object below `root` of a document. `refused` tells whether an error was found."""

    def __init__(self, document: Document, root: Route, check: Check = OBJECT_REFUSED) -> None:
        self.document = document
        self.root = root
        self.check = check
        self.subject = ""
        self.findings: list[Finding] = []
        self.refused = False

    def at(self, *route: str | int) -> Location:
        """The place of a value below the object."""
        return self.document.at(*self.root, *route)

    def refuse(self, route: Route, message: str, hint: str = "", *, readable: bool = False) -> None:
        """Record an error. Unless what the object means stays `readable`, it counts as refused from now on."""
        self.refused |= not readable
        self.findings.append(self.check.at(self.at(*route), brief(message), hint=brief(hint), subject=self.subject))

    def warn(self, check: Check, route: Route, message: str, hint: str = "") -> None:
        """Record a finding that leaves the object accepted."""
        where = self.document.at_key(*self.root, *route)
        self.findings.append(check.at(where, brief(message), hint=brief(hint), subject=self.subject))

    def typed(self, value: Any, kind: type, route: Route, required: bool = False) -> Any:
        """The value if it has the type, None if it is absent; else a finding and None."""
        if type(value) is kind or (value is None and not required):
            return value
        name = ".".join(map(str, route)) or "the object"
        if value is None:
            message = f"`{name}` is missing; the API server refuses the object"
            self.refuse(route[:-1], message, f"add `{route[-1]}`")
        else:
            hint = "put it in quotes" if kind is str and not isinstance(value, (dict, list)) else ""
            found, wanted = kind_of(value), kind_of(kind())
            if kind is int and type(value) is float:
                found, wanted = f"the fraction {value}", "a whole number"
                hint = f"write {math.floor(value)} or {math.ceil(value)}" if math.isfinite(value) else ""
            self.refuse(route, f"`{name}` is {found} where {wanted} belongs", hint)
        return None

    def mapping(
        self, value: Any, route: Route, known: Collection[str], required: bool = False
    ) -> dict[str, Any] | None:
        """The mapping, after a finding for each key that is not known."""
        if type(value) is dict:
            if not all(map(known.__contains__, value)):
                self.refused |= self.unknown(value, route, known)
            return value
        data: dict[str, Any] | None = self.typed(value, dict, route, required)
        return data

    def unknown(self, data: Mapping[str, Any], route: Route, known: Collection[str]) -> bool:
        """Whether a mapping has keys that are not known, with a finding for each; the object stays readable."""
        found = [key for key in data if key not in known]
        if not found:
            return False
        import difflib

        for key in found:
            nearest = difflib.get_close_matches(str(key), known, 1, 0.5)
            self.findings.append(
                UNKNOWN_FIELD.at(
                    self.document.at_key(*self.root, *route, key),
                    f"unknown field `{key}`: the server drops or refuses it, and the rest means something else",
                    hint=f"did you mean `{nearest[0]}`?" if nearest else f"known: {', '.join(sorted(known))}",
                    subject=self.subject,
                )
            )
        return True

    def items(self, value: Any, route: Route) -> list[Any]:
        """The list, empty where it is absent."""
        if value is None:
            return []
        data: list[Any] | None = self.typed(value, list, route)
        return data or []

    def labels(self, value: Any, route: Route) -> dict[str, str]:
        """A mapping of labels with the syntax checked."""
        if type(value) is dict and names.are_labels(value.items()):
            return dict(value)
        data: Mapping[Any, Any] = self.typed(value, dict, route) or {}
        result = {}
        for key, text in data.items():
            if type(key) is not str or (why := names.label_key(key)):
                self.refuse((*route, key), f"label key {key!r} {why if type(key) is str else 'is no text'}")
            elif type(text) is not str:
                hint = f'write `{key}: "{text}"`' if isinstance(text, int | float) else "give it a text value"
                self.refuse((*route, key), f"label `{key}` is {kind_of(text)} where a text belongs", hint)
            elif why := names.label_value(text):
                self.refuse((*route, key), f"label value {text!r} of `{key}` {why}")
            else:
                result[key] = text
        return result

    def metadata(
        self, data: Mapping[str, Any], *, strict: bool, namespaced: bool = True
    ) -> tuple[str, str, dict[str, str]]:
        """Name, namespace (`default` where absent) and labels of the object; `strict` refuses unknown fields."""
        raw = data.get("metadata")
        route: Route = ("metadata",)
        meta = self.mapping(raw, route, _METADATA, True) if strict else self.typed(raw, dict, route, True)
        if meta is None:
            return "", "default", {}
        name = self.typed(meta.get("name"), str, (*route, "name"))
        if not name and not strict:
            name = (self.typed(meta.get("generateName"), str, (*route, "generateName")) or "").rstrip("-")
        if not name and not self.refused:
            given = " but `generateName`, which `kubectl apply` refuses" if meta.get("generateName") else ""
            message = f"the object has no name{given or '; the API server refuses it'}"
            self.refuse(route, message, "add `metadata.name`")
        if name and (why := (names.subdomain if namespaced else names.dns_label)(name)):
            self.refuse((*route, "name"), f"the name {name[:80]!r} {why}", readable=True)
        namespace = self.typed(meta.get("namespace"), str, (*route, "namespace")) or "default"
        if why := names.dns_label(namespace):
            self.refuse((*route, "namespace"), f"the namespace {namespace[:80]!r} {why}", readable=True)
        if strict:
            self._annotations(meta.get("annotations"), (*route, "annotations"))
        return name or "", namespace, self.labels(meta.get("labels"), (*route, "labels"))

    def _annotations(self, value: Any, route: Route) -> None:
        data = self.typed(value, dict, route) or {}
        size = 0
        for key, text in data.items():
            if type(text) is not str:
                self.refuse(
                    (*route, key), f"annotation `{key}` is {kind_of(text)} where a text belongs", "put it in quotes"
                )
            else:
                size += len(str(key).encode()) + len(text.encode())
        if size > _ANNOTATIONS_LIMIT:
            self.refuse(route, f"the annotations have {size} bytes, more than 256 KiB")
