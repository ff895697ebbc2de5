"""The few functions that the two engines call by different names, or give different answers for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from ringfence.observe import shape
from ringfence.observe.shape import Shape


class Dialect(Struct, frozen=True):
    """How one engine says what Ibis has no word for. Each takes and gives an Ibis expression."""

    name: str
    """As Ibis calls it: `duckdb` or `pyspark`."""
    parsed: Callable[[Any, Shape], Any]
    """A text's JSON as a struct; null, or all fields null, if it is not JSON."""
    is_json: Callable[[Any], Any]
    micros: Callable[[Any], Any]
    """Microseconds since 1970 of a text in the form of RFC 3339, or of a time; null if it is neither."""


def duckdb() -> Dialect:
    """DuckDB's SQL. The connection's time zone has to be UTC."""
    import ibis
    import ibis.expr.datatypes as dt

    instant = dt.Timestamp(timezone="UTC")
    epoch_us = _builtin("epoch_us", [instant], dt.int64)
    is_json = _builtin("json_valid", [dt.string], dt.boolean)

    def parsed(text: Any, fields: Shape) -> Any:
        from_json = _builtin("from_json", [dt.string, dt.string], shape.struct(fields))
        # Malformed JSON is an error. TRY would make it null, but takes many times as long for each such line.
        good = ibis.ifelse(is_json(text), text, ibis.null("string"))
        return from_json(good, shape.duckdb(fields))

    return Dialect("duckdb", parsed, is_json, lambda time: epoch_us(time.try_cast(instant)))


def spark() -> Dialect:
    """Spark's SQL. The session's time zone has to be UTC."""
    import ibis.expr.datatypes as dt

    instant = dt.Timestamp()
    unix_micros = _builtin("unix_micros", [instant], dt.int64)
    get_json_object = _builtin("get_json_object", [dt.string, dt.string], dt.string)

    def parsed(text: Any, fields: Shape) -> Any:
        return _builtin("from_json", [dt.string, dt.string], shape.struct(fields))(text, shape.spark(fields))

    return Dialect(
        "pyspark",
        parsed,
        lambda text: get_json_object(text, "$").notnull(),
        lambda time: unix_micros(time.try_cast(instant)),
    )


def _builtin(name: str, takes: list[Any], gives: Any) -> Callable[..., Any]:
    """A function of the engine that Ibis has no word for."""
    import ibis

    def function(*_: Any) -> Any: ...

    names = [f"argument_{number}" for number, _ in enumerate(takes)]
    function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(item, inspect.Parameter.POSITIONAL_OR_KEYWORD) for item in names]
    )
    function.__name__ = name
    made: Callable[..., Any] = ibis.udf.scalar.builtin(function, name=name, signature=(tuple(takes), gives))
    return made
