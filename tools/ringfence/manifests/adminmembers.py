"""What the members of administrators' policies have in common: one of several, lists within limits, selectors, numbers.

The CRDs check types, limits and presence; selectors they do not check, so an unreadable one makes its rule unclear.
"""

from __future__ import annotations

from typing import Any

from ringfence.documents.document import Route
from ringfence.manifests import names
from ringfence.manifests.checks import ADMIN_DOUBTFUL, EXPERIMENTAL
from ringfence.manifests.reader import Reader
from ringfence.manifests.types import Requirement, Selector
from ringfence.values.ports import LAST

PRIORITY_LAST = 1000
UNKNOWN = "it has a field that the API does not know"


class Members:
    """Reads members of one object. `closed` and `unclear` say what was found since they were last emptied.

    `closed`: a peer of a rule has no member that the API knows. `unclear`: nobody can say what a rule matches.
    """

    def __init__(self, reader: Reader, kind: str, limit: int) -> None:
        self.reader = reader
        self.kind = kind
        self.closed = ""
        self.unclear = ""
        self._limit = limit

    def selector(self, value: Any, route: Route) -> Selector:
        """A label selector; a part that nobody can read makes the rule unclear."""
        reader = self.reader
        data = self.known(value, route, ("matchLabels", "matchExpressions"))
        found = []
        labels = reader.typed(data.get("matchLabels"), dict, (*route, "matchLabels")) or {}
        for key, text in labels.items():
            here = (*route, "matchLabels", key)
            if reader.typed(text, str, here, required=True) is not None and self._sound(key, [text], here):
                found.append(Requirement(key, "In", (text,)))
        listed = reader.items(data.get("matchExpressions"), (*route, "matchExpressions"))
        for index, item in enumerate(listed):
            if requirement := self._requirement(item, (*route, "matchExpressions", index)):
                found.append(requirement)
        return Selector(tuple(sorted(set(found))))

    def _requirement(self, value: Any, route: Route) -> Requirement | None:
        reader = self.reader
        data = self.known(value, route, ("key", "operator", "values"))
        key = reader.typed(data.get("key"), str, (*route, "key"), required=True)
        operator = reader.typed(data.get("operator"), str, (*route, "operator"), required=True)
        values = reader.items(data.get("values"), (*route, "values"))
        texts = [reader.typed(text, str, (*route, "values", index), required=True) for index, text in enumerate(values)]
        if key is None or operator is None or None in texts or not self._sound(key, texts, route):
            return None
        if operator not in ("In", "NotIn", "Exists", "DoesNotExist"):
            self._unreadable(route, f"{operator!r} is no operator of a selector")
        elif (operator in ("In", "NotIn")) != bool(values):
            self._unreadable(route, f"`{operator}` {'takes no' if values else 'needs at least one of'} `values`")
        else:
            return Requirement(key, operator, tuple(sorted(set(texts))))
        return None

    def _sound(self, key: Any, texts: list[Any], route: Route) -> bool:
        """Whether a label and its values have the form of labels, which the CRDs do not check."""
        why = names.label_key(str(key)) or next(filter(None, map(names.label_value, texts)), "")
        if why:
            self._unreadable(route, f"the label {key!r} {why}")
        return not why

    def _unreadable(self, route: Route, why: str) -> None:
        self.doubt(route, f"{why}: the API server accepts it, and nobody can say what it selects")
        self.unclear = self.unclear or why

    def doubt(self, route: Route, message: str, hint: str = "") -> None:
        """Record what the server accepts and an implementation may not."""
        self.reader.warn(ADMIN_DOUBTFUL, route, message, hint)

    def experimental(self, field: str, route: Route) -> None:
        """Record a field that only the experimental channel has."""
        message = f"`{field}` is in the experimental channel only: a cluster with the standard CRDs refuses the object"
        hint = "install the experimental CRDs, or write it otherwise"
        self.reader.warn(EXPERIMENTAL, (*route, field), message, hint)

    def known(self, value: Any, route: Route, known: tuple[str, ...], required: bool = False) -> dict[str, Any]:
        """The mapping without absent and unknown members; an unknown one makes the rule unclear."""
        data = self.reader.typed(value, dict, route, required) or {}
        if self.reader.unknown(data, route, known):
            self.unclear = UNKNOWN
        return {key: item for key, item in data.items() if key in known and item is not None}

    def exactly_one(self, data: dict[str, Any], route: Route) -> bool:
        """Whether exactly one member is there, after a finding otherwise."""
        if len(data) == 1 or self.unclear == UNKNOWN:
            return len(data) == 1
        what = f"{' and '.join(f'`{key}`' for key in data)} in one entry" if data else "an empty entry"
        self.reader.refuse(route, f"{what}; exactly one member belongs here", "name one in each entry")
        return False

    def filled(self, value: Any, route: Route, *, required: bool, limit: int = 0) -> list[Any]:
        """A list that may not be empty; a rule with a field that nobody knows may lack it."""
        if value is None:
            if required and self.unclear != UNKNOWN:
                message = f"`{route[-1]}` is missing; the API server refuses the object"
                self.reader.refuse(route[:-1], message, f"add `{route[-1]}`")
            return []
        listed = self.reader.items(value, route)
        if value == []:
            self.reader.refuse(route, f"`{route[-1]}: []` is empty; the API server refuses the object")
        self.at_most(listed, limit or self._limit, route)
        return listed

    def at_most(self, listed: list[Any], limit: int, route: Route) -> None:
        """Refuse a list that is too long."""
        if len(listed) > limit:
            message = f"`{route[-1]}` has {len(listed)} entries; at most {limit} are allowed"
            self.reader.refuse(route, message, "split the policy")

    def distinct(self, listed: list[Any], route: Route) -> None:
        """Refuse a set that names an entry twice."""
        texts = [text for text in listed if isinstance(text, str)]
        if len(set(texts)) < len(texts):
            self.reader.refuse(route, f"`{route[-1]}` names an entry twice", "drop one")

    def one_of(self, value: Any, choices: tuple[str, ...], route: Route) -> str:
        """A text that is one of some choices; empty after a finding."""
        text: str | None = self.reader.typed(value, str, route, required=True)
        if text is None or text in choices:
            return text or ""
        other = {"Allow": "Accept", "Accept": "Allow"}.get(text, text.capitalize())
        hint = f"did you mean `{other}`?" if other in choices else f"one of {', '.join(choices)}"
        self.reader.refuse(route, f"{text!r} is no `{route[-1]}` of a {self.kind}", hint)
        return ""

    def number(self, value: Any, route: Route, first: int) -> int:
        """A number from `first` to the last port, or to the last priority where `first` is 0."""
        number: int | None = self.reader.typed(value, int, route, required=True)
        last = LAST if first else PRIORITY_LAST
        if number is not None and not first <= number <= last:
            self.reader.refuse(route, f"`{route[-1]}` {number} is no number from {first} to {last}")
        return number or 0
