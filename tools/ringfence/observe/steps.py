"""A query in steps, each on the rows of the one before.

Ibis would merge steps into one, and write what a step makes wherever it is used: a time would be parsed six times over.
"""

from __future__ import annotations

from typing import Any

_KEEP_APART = {"duckdb": "NOT MATERIALIZED ", "pyspark": ""}
"""What makes a step neither a table of its own in memory, which DuckDB would do, nor an error."""


class Steps:
    """Ibis expressions, each under a name that the next is made from."""

    def __init__(self) -> None:
        self._steps: list[tuple[str, Any]] = []

    def table(self, name: str, expression: Any) -> Any:
        """Add a step; the table that the next is made from."""
        import ibis

        self._steps.append((name, expression))
        return ibis.table(expression.schema(), name=name)

    def sql(self, dialect: str) -> str:
        """The query in the SQL of `duckdb` or `pyspark`: the rows of the last step."""
        import ibis

        keep = _KEEP_APART[dialect]
        parts = [f"{name} AS {keep}({ibis.to_sql(step, dialect=dialect)})" for name, step in self._steps]
        return f"WITH {', '.join(parts)} SELECT * FROM {self._steps[-1][0]}"  # noqa: S608
