"""Calico's selector expressions as frozen values: what they match, and how they are written.

Evaluation follows Calico's own (libcalico-go lib/selector): `!=`, `not in` and `!has()` hold where the label is absent,
every other comparison fails there. Which labels an expression looks at (those of the pod, of its namespace, of its
service account) is the caller's business; so is `global()`, which says something of the endpoint and nothing of labels.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

IN_SETS = ("in", "not in")


def quoted(text: str) -> str:
    """A string literal. The grammar has no escapes, so a text with both kinds of quotes cannot be written."""
    return f'"{text}"' if "'" in text else f"'{text}'"


class All(Struct, frozen=True):
    """`all()`, and the meaning of an empty selector."""

    def matches(self, labels: Mapping[str, str]) -> bool:  # noqa: ARG002 - the shape that all expressions share
        """Always."""
        return True

    def keys(self) -> frozenset[str]:
        """The labels that decide."""
        return frozenset()

    def __str__(self) -> str:
        return "all()"


class Global(Struct, frozen=True):
    """`global()`: endpoints outside every namespace. As a question about labels it holds always, as in Calico."""

    def matches(self, labels: Mapping[str, str]) -> bool:  # noqa: ARG002 - the shape that all expressions share
        """Always; the caller has to ask whether the endpoint is outside every namespace."""
        return True

    def keys(self) -> frozenset[str]:
        """The labels that decide."""
        return frozenset()

    def __str__(self) -> str:
        return "global()"


class Has(Struct, frozen=True):
    """`has(key)`."""

    key: str

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the label is there."""
        return self.key in labels

    def keys(self) -> frozenset[str]:
        """The labels that decide."""
        return frozenset((self.key,))

    def __str__(self) -> str:
        return f"has({self.key})"


class Compare(Struct, frozen=True):
    """`key operator 'value'`, or `key in {...}` and `key not in {...}` with sorted values."""

    key: str
    operator: str
    values: tuple[str, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the label's value stands in the relation; an absent label meets only `!=` and `not in`."""
        found = labels.get(self.key)
        if found is None:
            return self.operator in ("!=", "not in")
        if self.operator in ("==", "in"):
            return found in self.values
        if self.operator in ("!=", "not in"):
            return found not in self.values
        (value,) = self.values
        if self.operator == "contains":
            return value in found
        return found.startswith(value) if self.operator == "starts with" else found.endswith(value)

    def keys(self) -> frozenset[str]:
        """The labels that decide."""
        return frozenset((self.key,))

    def __str__(self) -> str:
        literals = ", ".join(map(quoted, self.values))
        return f"{self.key} {self.operator} " + (f"{{{literals}}}" if self.operator in IN_SETS else literals)


class Not(Struct, frozen=True):
    """`!item`."""

    item: Expression

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether the item does not match."""
        return not self.item.matches(labels)

    def keys(self) -> frozenset[str]:
        """The labels that decide."""
        return self.item.keys()

    def __str__(self) -> str:
        return f"!({self.item})" if isinstance(self.item, And | Or | Not) else f"!{self.item}"


class And(Struct, frozen=True):
    """`a && b && ...`, two items or more."""

    items: tuple[Expression, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether every item matches."""
        return all(item.matches(labels) for item in self.items)

    def keys(self) -> frozenset[str]:
        """The labels that decide."""
        return frozenset().union(*(item.keys() for item in self.items))

    def __str__(self) -> str:
        return " && ".join(f"({item})" if isinstance(item, And | Or) else str(item) for item in self.items)


class Or(Struct, frozen=True):
    """`a || b || ...`, two items or more; binds less than `&&`."""

    items: tuple[Expression, ...]

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether some item matches."""
        return any(item.matches(labels) for item in self.items)

    def keys(self) -> frozenset[str]:
        """The labels that decide."""
        return frozenset().union(*(item.keys() for item in self.items))

    def __str__(self) -> str:
        return " || ".join(f"({item})" if isinstance(item, Or) else str(item) for item in self.items)


Expression = All | Global | Has | Compare | Not | And | Or


def mentions_global(expression: Expression) -> bool:
    """Whether `global()` stands anywhere in it."""
    if isinstance(expression, Not):
        return mentions_global(expression.item)
    if isinstance(expression, And | Or):
        return any(map(mentions_global, expression.items))
    return isinstance(expression, Global)


def atoms(expression: Expression) -> frozenset[Compare | Has]:
    """The conditions on single labels that an expression is made of."""
    if isinstance(expression, Not):
        return atoms(expression.item)
    if isinstance(expression, And | Or):
        return frozenset().union(*map(atoms, expression.items))
    return frozenset((expression,) if isinstance(expression, Compare | Has) else ())
