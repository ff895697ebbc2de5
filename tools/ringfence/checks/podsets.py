"""Sets of pods by namespace and labels, with exact intersection and difference: what selectors can say without order.

A `Box` is one selector: the namespaces' names and, by label, the values. A difference of boxes is a list of boxes that
share no pod. Knows neither guardrails nor dialects.
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from ringfence.model.types import Labels


class Values(Struct, frozen=True):
    """Just these texts (`inside`), or anything but these. For a label, anything but some includes that it is absent."""

    inside: bool = False
    texts: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return not self.inside or bool(self.texts)

    def __and__(self, other: Values) -> Values:
        if self.inside and other.inside:
            return Values(True, self.texts & other.texts)
        if self.inside or other.inside:
            one, rest = (self, other) if self.inside else (other, self)
            return Values(True, one.texts - rest.texts)
        return Values(False, self.texts | other.texts)

    def __invert__(self) -> Values:
        return Values(not self.inside, self.texts)

    @property
    def key(self) -> tuple[bool, list[str]]:
        """What values are ordered by."""
        return (not self.inside, sorted(self.texts))


ANY = Values()


class Box(Struct, frozen=True):
    """The pods of some namespaces (by name in the cluster) whose labels all have one of some values.

    `labels` are sorted by key, and none of them is any value.
    """

    namespaces: Values = ANY
    labels: tuple[tuple[str, Values], ...] = ()

    @classmethod
    def of(cls, namespace: str, labels: Labels = ()) -> Box:
        """The pods of one namespace with these labels."""
        return cls(only(namespace), tuple((key, only(value)) for key, value in sorted(labels)))

    def __bool__(self) -> bool:
        return bool(self.namespaces) and all(values for _, values in self.labels)

    def __and__(self, other: Box) -> Box:
        labels = dict(self.labels)
        for key, values in other.labels:
            labels[key] = labels.get(key, ANY) & values
        return Box(self.namespaces & other.namespaces, tuple(sorted(labels.items())))

    def __sub__(self, other: Box) -> list[Box]:
        """The rest as boxes that share no pod."""
        if not self & other:
            return [self]
        pieces = [Box(self.namespaces & ~other.namespaces, self.labels)]
        rest = Box(self.namespaces & other.namespaces, self.labels)
        for key, values in other.labels:
            pieces.append(rest & Box(ANY, ((key, ~values),)))
            rest = rest & Box(ANY, ((key, values),))
        return [piece for piece in pieces if piece]

    @property
    def key(self) -> tuple[object, ...]:
        """What boxes are ordered by."""
        return (self.namespaces.key, [(key, values.key) for key, values in self.labels])


def only(*texts: str) -> Values:
    """Just these values."""
    return Values(True, frozenset(texts))


def without(boxes: Iterable[Box], taken: Iterable[Box]) -> list[Box]:
    """What is left of boxes when others are taken away."""
    left = list(boxes)
    for other in taken:
        left = [piece for box in left for piece in box - other]
    return left
