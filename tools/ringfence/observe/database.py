"""The database that alike records of all files are gathered in: DuckDB, in memory with a limit, then on disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from ringfence.observe.finish import Group, Raw
from ringfence.observe.records import KEY, SIDE, SIDES

_FETCH = 4096
_TEXTS = (*KEY, "trouble", "note")


class Database:
    """Groups of records. `file` is a position in the list of files."""

    def __init__(self, memory: str, folder: str) -> None:
        import duckdb

        # Order is nothing that is needed, and costs memory.
        options: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory,
            "temp_directory": folder,
            "preserve_insertion_order": "false",
        }
        self.connection: Any = duckdb.connect(config=options)
        self.connection.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false")
        texts = ", ".join(f"{name} VARCHAR" for name in _TEXTS)
        self.connection.execute(
            f"CREATE TABLE groups ({texts}, weight BIGINT, records BIGINT, first BIGINT, last BIGINT, example VARCHAR,"
            " file INTEGER)"
        )

    def close(self) -> None:
        """Let go of memory and files."""
        self.connection.close()

    def add(self, query: str, file: int) -> None:
        """Add the groups that a query in DuckDB's SQL gives."""
        self.connection.execute(f"INSERT INTO groups BY NAME SELECT *, {file} AS file FROM ({query})")  # noqa: S608

    def troubles(self) -> Iterator[tuple[int, str, str, int, int, str]]:
        """For each file: trouble and note, either empty; records; connections; the first line with its example."""
        rows = self.connection.execute(
            "SELECT file, coalesce(trouble, ''), coalesce(note, ''), sum(records)::BIGINT, sum(weight)::BIGINT,"
            " coalesce(min(example), '') FROM groups WHERE trouble IS NOT NULL OR note IS NOT NULL"
            " GROUP BY ALL ORDER BY ALL"
        )
        yield from rows.fetchall()

    def span(self, file: int | None = None) -> tuple[int | None, int | None]:
        """The first and the last time, in microseconds, of the records that have one that can be believed."""
        where = "" if file is None else f"file = {file} AND "
        row = self.connection.execute(
            f"SELECT min(first), max(last) FROM groups WHERE {where}coalesce(note, '') NOT LIKE '%clock-jump%'"  # noqa: S608
        ).fetchone()
        return cast(tuple[int | None, int | None], row)

    def records(self, without: tuple[str, ...]) -> int:
        """How many records there were, without those of some troubles."""
        row = self.connection.execute(
            "SELECT coalesce(sum(records), 0)::BIGINT FROM groups"
            " WHERE coalesce(trouble, '') NOT IN (SELECT unnest(?))",
            [list(without)],
        ).fetchone()
        return cast(int, row[0])

    def gather(self) -> None:
        """Count together what is alike in several files."""
        self.connection.execute(
            f"CREATE TABLE gathered AS SELECT {', '.join(KEY)}, coalesce(note, '') LIKE '%clock-jump%' AS strange,"  # noqa: S608
            " sum(weight)::BIGINT AS weight, sum(records)::BIGINT AS records, min(first) AS first, max(last) AS last"
            f" FROM groups WHERE trouble IS NULL GROUP BY {', '.join(KEY)}, strange"
        )

    def sides(self) -> Iterator[Raw]:
        """Every different side, as in the log."""
        queries = (f"SELECT {', '.join(f'{side}_{name}' for name in SIDE)} FROM gathered" for side in SIDES)  # noqa: S608
        yield from self._rows(" UNION ".join(queries))

    def groups(self) -> Iterator[Group]:
        """Everything that was gathered."""
        first, width = len(KEY) - 2 * len(SIDE), len(SIDE)
        columns = f"{', '.join(KEY)}, strange, weight, records, first, last"
        for row in self._rows(f"SELECT {columns} FROM gathered"):  # noqa: S608
            yield row[:first], row[first : first + width], row[first + width : len(KEY)], *row[len(KEY) :]

    def _rows(self, query: str) -> Iterator[Any]:
        cursor = self.connection.cursor()
        cursor.execute(query)
        while rows := cursor.fetchmany(_FETCH):
            yield from rows
        cursor.close()
