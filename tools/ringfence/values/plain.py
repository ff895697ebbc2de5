"""Values as plain data for JSON, and back: structs, named tuples, tuples, enumerations, times.

A struct or named tuple is the list of its fields. What comes back is checked against the types that the
fields have.
"""

from __future__ import annotations

import datetime
import enum
import types
import typing
from functools import lru_cache
from typing import Any

from msgspec import Struct


def pack(value: Any) -> Any:
    """The value as lists, texts, numbers, booleans and null."""
    if names := _names(value.__class__):
        return [pack(getattr(value, name)) for name in names]
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, (tuple, list)):
        return [pack(item) for item in value]
    return value


def unpack(kind: Any, data: Any) -> Any:
    """The value of a type that `pack` made data of. Raises `ValueError` for other data."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return None if data is None else unpack(arguments[0], data)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return tuple(unpack(arguments[0], item) for item in _list(data))
        return tuple(unpack(one, item) for one, item in zip(arguments, _list(data), strict=True))
    if fields := _fields(kind):
        return kind(*(unpack(one, item) for one, item in zip(fields, _list(data), strict=True)))
    if issubclass(kind, enum.Enum):
        return kind(data)
    if kind is datetime.datetime and isinstance(data, str):
        return datetime.datetime.fromisoformat(data)
    if type(data) is not kind:
        raise ValueError(f"{data!r} is no {kind.__name__}")
    return data


@lru_cache
def _names(kind: type) -> tuple[str, ...]:
    """The names of the fields of a struct; none for another type."""
    return kind.__struct_fields__ if issubclass(kind, Struct) else ()


@lru_cache
def _fields(kind: type) -> tuple[Any, ...]:
    """The types of the fields of a struct or named tuple; none for another type."""
    if names := _names(kind):
        hints = typing.get_type_hints(kind)
        return tuple(hints[name] for name in names)
    if issubclass(kind, tuple):
        return tuple(typing.get_type_hints(kind).values())
    return ()


def _list(data: Any) -> list[Any]:
    if not isinstance(data, list):
        raise ValueError(f"{data!r} is no list")
    return data
