"""A reader that knows two judges: what the API server refuses, and what only Calico's own validation turns down."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Any

from ringfence.documents.document import Route
from ringfence.manifests.calico.checks import NOT_ENFORCED, UNKNOWN_FIELD
from ringfence.manifests.calico.grammar import SelectorError, parse
from ringfence.manifests.calico.selector import Expression, mentions_global
from ringfence.manifests.reader import Reader, brief, kind_of

_COMMERCIAL = {
    "domains": "only the commercial editions match domain names; use `nets` or a network set",
    "allowedEgressDomains": "only the commercial editions have domain names in a network set",
    "headers": "only the commercial editions match headers",
}


class CalicoReader(Reader):
    """Reads one Calico object. `refuse` speaks for the API server, `unenforced` for Calico's agents."""

    def unenforced(self, route: Route, message: str, hint: str = "") -> None:
        """Record what the API server of 3.32 accepts and Calico turns down: the object counts as refused."""
        self.refused = True
        self.findings.append(NOT_ENFORCED.at(self.at(*route), brief(message), hint=brief(hint), subject=self.subject))

    def mapping(
        self, value: Any, route: Route, known: Collection[str], required: bool = False
    ) -> dict[str, Any] | None:
        """The mapping, after a finding for each key that Calico's API does not declare."""
        data: dict[str, Any] | None = self.typed(value, dict, route, required)
        for key in data or ():
            if key not in known:
                nearest = difflib.get_close_matches(str(key), known, 1, 0.5)
                hint = f"did you mean `{nearest[0]}`?" if nearest else f"known: {', '.join(sorted(known))}"
                where = self.document.at_key(*self.root, *route, key)
                message = f"unknown field `{key}`: the server drops or refuses it, and the rest means something else"
                hint = _COMMERCIAL.get(str(key), hint)
                self.refused = True
                self.findings.append(UNKNOWN_FIELD.at(where, message, hint=hint, subject=self.subject))
        return data

    def chosen(self, value: Any, route: Route, names: Collection[str], default: str = "") -> str:
        """One of the names; the default where it is absent, and after a finding where it is anything else."""
        if value is None:
            return default
        if type(value) is str and value in names:
            return value
        near = next((name for name in names if str(value).lower() == name.lower()), "")
        hint = f"did you mean `{near}`?" if near else f"one of {', '.join(names)}"
        what = f"`{next(step for step in reversed(route) if isinstance(step, str))}`"
        self.refuse(route, f"{what} holds {str(value)[:40]!r}; the server refuses it", hint)
        return default

    def number(self, value: Any, route: Route) -> float | None:
        """A number, None where it is absent."""
        if value is None or type(value) in (int, float):
            return None if value is None else float(value)
        self.refuse(route, f"`{route[-1]}` is {kind_of(value)} where a number belongs")
        return None

    def whole(self, value: Any, route: Route, first: int, last: int) -> int | None:
        """A whole number of a range, None where it is absent."""
        if value is None or (type(value) is int and first <= value <= last):
            return value if type(value) is int else None
        self.refuse(route, f"`{route[-1]}` is {str(value)[:40]!r}, no whole number from {first} to {last}")
        return None

    def flag(self, value: Any, route: Route) -> bool:
        """A boolean, False where it is absent."""
        return bool(self.typed(value, bool, route))

    def texts(self, value: Any, route: Route, *, unique: bool = False) -> list[str]:
        """A list of texts; `unique` where the API makes it a set."""
        result: list[str] = []
        for index, item in enumerate(self.items(value, route)):
            text = self.typed(item, str, (*route, index), True)
            if unique and text in result:
                message = f"{text!r} stands twice in `{route[-1]}`; the server refuses the object"
                self.refuse((*route, index), message, "drop one", readable=True)
            elif text is not None:
                result.append(text)
        return result

    def selector(self, value: Any, route: Route, *, lone_global: bool = False) -> Expression | None:
        """A selector, None where it is absent or empty. `lone_global`: may be `global()`, and nothing beside it."""
        text = self.typed(value, str, route)
        if not text:
            return None
        try:
            result = parse(text)
        except SelectorError as error:
            message = f"`{route[-1]}` is no selector: at column {error.column} of {_short(text)!r}, {error.why}"
            self.unenforced(route, message, error.hint)
            return None
        if mentions_global(result) and not (lone_global and str(result) == "global()"):
            message = "`global()` has a meaning only as the whole `namespaceSelector` of a rule"
            self.unenforced(route, message, "move it there, alone")
        return result


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"
