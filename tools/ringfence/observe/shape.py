"""Which fields of a JSON record are read, and how both engines are told.

Every record is parsed once, with the fields of all formats, each as text: a log may mix formats, and enums, numbers and
64-bit integers are written in several ways. What is an object or a list below a field is its JSON text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

Shape = dict[str, "Shape | None"]
"""Names of fields; None is text, otherwise an object."""

Path = tuple[str, ...]


def of(paths: Iterable[Path]) -> Shape:
    """The shape that has exactly these fields."""
    shape: Shape = {}
    for path in paths:
        here = shape
        for name in path[:-1]:
            inner = here.setdefault(name, {})
            here = {} if inner is None else inner
        here.setdefault(path[-1], None)
    return shape


def duckdb(shape: Shape) -> str:
    """The structure that DuckDB's `from_json` takes (https://duckdb.org/docs/stable/data/json/json_functions)."""

    def typed(inner: Shape | None) -> object:
        return "VARCHAR" if inner is None else {name: typed(item) for name, item in inner.items()}

    return json.dumps(typed(shape))


def spark(shape: Shape) -> str:
    """The schema that Spark's `from_json` takes (https://spark.apache.org/docs/latest/sql-ref-functions.html)."""

    def typed(inner: Shape | None) -> str:
        return "STRING" if inner is None else f"STRUCT<{', '.join(f'`{n}`: {typed(i)}' for n, i in inner.items())}>"

    return ", ".join(f"`{name}` {typed(inner)}" for name, inner in shape.items())


def struct(shape: Shape) -> Any:
    """The type in Ibis."""
    import ibis.expr.datatypes as dt

    def typed(inner: Shape | None) -> dt.DataType:
        return dt.string if inner is None else dt.Struct({name: typed(item) for name, item in inner.items()})

    return typed(shape)


def leaf(value: Any, path: Path) -> Any:
    """The Ibis expression of a field of a parsed record."""
    for name in path:
        value = value[name]
    return value


def leaves(value: Any, fields: Mapping[str, tuple[Path, ...]]) -> dict[str, Any]:
    """A column for each field: the first of its places that has a value."""
    import ibis

    return {
        name: ibis.coalesce(*(leaf(value, path) for path in paths)) if len(paths) > 1 else leaf(value, paths[0])
        for name, paths in fields.items()
    }
