"""Shapes of values as a CRD declares them, and the check that the API server makes of them.

A shape knows types, required and known fields, and forms of texts. It knows nothing of what the values mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from ringfence.documents.document import Route
from ringfence.manifests.cilium.judge import Judge
from ringfence.manifests.reader import kind_of
from ringfence.values.nearest import did_you_mean


class Text(Struct, frozen=True):
    """A text: one of `choices`, at most `longest` characters, `form` tells why another one is wrong."""

    choices: tuple[str, ...] = ()
    longest: int = 0
    form: Callable[[str], str] | None = None


class Number(Struct, frozen=True):
    """A whole number from `first` to `last`."""

    first: int
    last: int


class NumberOrText(Struct, frozen=True):
    """A whole number, or a text of a form."""

    form: Callable[[str], str]


class Flag(Struct, frozen=True):
    """A boolean."""


class Texts(Struct, frozen=True):
    """A mapping of names to texts; `value` is the shape of each."""

    value: Text = Text()


class Items(Struct, frozen=True):
    """A list of one shape with `least` to `most` items (0: no limit); `unique` refuses repetitions."""

    item: Shape
    most: int = 0
    least: int = 0
    unique: bool = False


class Fields(Struct, frozen=True):
    """A mapping with known fields. Exactly one of `one_of` must be there, and at least one of `any_of`."""

    fields: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()


Shape = Text | Number | NumberOrText | Flag | Texts | Items | Fields


def check(judge: Judge, value: Any, shape: Shape, route: Route) -> None:
    """Record everything in which a value is not of a shape."""
    wanted = _type_of(shape)
    if value is None:
        message = f"`{_name(route)}` is null, and the API server takes no null here"
        judge.refuse(route, message, f"write {kind_of(wanted())}, or drop the field")
    elif type(value) is not wanted and not (isinstance(shape, NumberOrText) and type(value) is int):
        hint = f'put it in quotes: "{value}"' if wanted is str and type(value) is int else ""
        judge.mistyped(route, f"`{_name(route)}` is {kind_of(value)} where {kind_of(wanted())} belongs", hint)
    else:
        _content(judge, value, shape, route)


def _content(judge: Judge, value: Any, shape: Shape, route: Route) -> None:
    """The check of a value that has the type of its shape."""
    if isinstance(shape, Fields):
        _fields(judge, value, shape, route)
    elif isinstance(shape, Items):
        _items(judge, value, shape, route)
    elif isinstance(shape, Texts):
        for key, text in value.items():
            if type(key) is str:
                check(judge, text, shape.value, (*route, key))
            else:
                judge.mistyped(route, f"`{_name(route)}` has the key {key!r}, which is no text", "put it in quotes")
    elif isinstance(shape, Number):
        if not shape.first <= value <= shape.last:
            judge.refuse(route, f"`{_name(route)}` is {value}, not a number from {shape.first} to {shape.last}")
    elif isinstance(shape, Text | NumberOrText) and type(value) is str:
        _text(judge, value, shape, route)


def pruned(value: Any, shape: Shape) -> Any:
    """A value as a decoder sees it: without fields that its shape does not declare, and items that are null empty.

    Types must be right.
    """
    if isinstance(shape, Fields) and value is not None:
        return {key: pruned(item, shape.fields[key]) for key, item in value.items() if key in shape.fields}
    if isinstance(shape, Items) and value is not None:
        return [_type_of(shape.item)() if item is None else pruned(item, shape.item) for item in value]
    if isinstance(shape, Texts) and value is not None:
        return {key: text or "" for key, text in value.items()}
    return value


def _type_of(shape: Shape) -> type:
    if isinstance(shape, Fields | Texts):
        return dict
    if isinstance(shape, Items):
        return list
    if isinstance(shape, Text | NumberOrText):
        return str
    return bool if isinstance(shape, Flag) else int


def _fields(judge: Judge, value: dict[Any, Any], shape: Fields, route: Route) -> None:
    for key, item in value.items():
        if known := shape.fields.get(key):
            check(judge, item, known, (*route, key))
        else:
            judge.undeclared((*route, key), list(shape.fields))
    for key in shape.required:
        if key not in value:
            judge.refuse(route, f"`{key}` is missing in `{_name(route)}`", f"add `{key}`")
    given = [key for key in shape.one_of if key in value]
    if shape.one_of and len(given) != 1:
        said = f"{' and '.join(f'`{key}`' for key in given)} stand together" if given else "nothing is named"
        judge.refuse(route, f"{said} in `{_name(route)}`", f"write exactly one of {', '.join(shape.one_of)}")
    if shape.any_of and not any(key in value for key in shape.any_of):
        judge.refuse(route, f"`{_name(route)}` has no rules", f"write at least one of {', '.join(shape.any_of)}")


def _items(judge: Judge, value: list[Any], shape: Items, route: Route) -> None:
    if shape.most and len(value) > shape.most:
        judge.refuse(
            route, f"`{_name(route)}` has {len(value)} items; {shape.most} are allowed", "split it over several rules"
        )
    if len(value) < shape.least:
        judge.refuse(route, f"`{_name(route)}` is empty", "write an item, or drop the field")
    for index, item in enumerate(value):
        check(judge, item, shape.item, (*route, index))
        if shape.unique and item in value[:index]:
            judge.refuse((*route, index), f"{item!r} stands twice in `{_name(route)}`", "drop one")


def _text(judge: Judge, value: str, shape: Text | NumberOrText, route: Route) -> None:
    if isinstance(shape, Text) and shape.choices and value not in shape.choices:
        hint = did_you_mean(value, shape.choices) or f"one of {', '.join(shape.choices)}"
        judge.refuse(route, f"`{_name(route)}` holds {value[:80]!r}, which the API server does not know", hint)
    elif isinstance(shape, Text) and shape.longest and len(value) > shape.longest:
        judge.refuse(route, f"`{_name(route)}` has {len(value)} characters, more than {shape.longest}")
    elif shape.form and (why := shape.form(value)):
        judge.refuse(route, why)


def _name(route: Route) -> str:
    return next((str(step) for step in reversed(route) if isinstance(step, str)), "the object")
