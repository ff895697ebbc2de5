"""Reading logs: files of any form, one after the other, into what was seen."""

from __future__ import annotations

import stat
import sys
import tempfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Literal

from ringfence.errors import NothingToCheckError, UsageError
from ringfence.observe import columns as tables_of
from ringfence.observe import compressed, finish, formats, sieve, tables
from ringfence.observe.database import Database
from ringfence.observe.engines import DuckDB, Engine, Spark, schema_of
from ringfence.observe.extras import needed
from ringfence.observe.troubles import Troubles
from ringfence.observe.types import Observations

STDIN = "-"
_NO_RECORDS = ("not-json", "truncated-line", "unknown-record", "lost-events", "-blank", "-event")
_LONGEST_SPAN = timedelta(days=366)
_HINTS = {
    "json-array": "one record on a line is read; for example jq -c '.[]' makes that of a list",
    "directory": "name its files",
    "empty-file": "nothing is in it",
    "unknown-format": "neither JSON lines, CSV with a header, nor Parquet",
}


def read(
    paths: Iterable[str | Path],
    *,
    columns: Mapping[str, str] | None = None,
    engine: Literal["duckdb", "spark"] = "duckdb",
    memory: str = "1GB",
    now: datetime | None = None,
    stdin: IO[bytes] | None = None,
) -> Observations:
    """What flow logs say.

    `paths`: files in any form that docs/flow-logs.md lists, compressed or not; `-` is standard input. `columns`: for
    CSV and Parquet, which column is what (`columns.COLUMNS`), or a constant (`=allowed`). `memory`: what the database
    may take before it uses the disk, in the form of DuckDB (`500MB`, `2GB`). `now`: what no record should be much later
    than.

    Nothing that a file holds ends the reading: it is counted among the troubles. Raises UsageError if a file is not
    there, the column map names what no column can be, or an extra is not installed; NothingToCheckError without files.
    """
    names = [str(path) for path in paths]
    if not names:
        raise NothingToCheckError("no flow logs are named", "name files, or - for standard input")
    if gone := [name for name in names if name != STDIN and not Path(name).exists()]:
        raise UsageError(f"there is no file {gone[0]!r}", "name files of flow logs, or - for standard input")
    mapped = tables_of.checked(columns)
    moment = now or datetime.now(UTC)
    needed("duckdb", "ibis", "pyarrow")
    with tempfile.TemporaryDirectory(prefix="ringfence-", ignore_cleanup_errors=True) as folder:
        database = Database(memory, folder)
        try:
            running: Engine = DuckDB(database, moment) if engine == "duckdb" else Spark(database, moment, Path(folder))
            try:
                reader = _Reader(running, mapped, Troubles(), stdin)
                for file, name in enumerate(names):
                    reader.file(name, file)
            finally:
                running.close()
            return _observed(database, names, reader.troubles)
        finally:
            database.close()


class _Reader:
    def __init__(self, engine: Engine, columns: Mapping[str, str], troubles: Troubles, stdin: IO[bytes] | None) -> None:
        self._engine, self._columns, self.troubles, self._stdin = engine, columns, troubles, stdin

    def file(self, name: str, file: int) -> None:
        """Read one file; whatever is wrong with it becomes trouble."""
        try:
            if name == STDIN:
                self._stream(self._stdin or sys.stdin.buffer, name, file)
                return
            mode = Path(name).stat().st_mode
            if stat.S_ISDIR(mode):
                self._say(name, "directory")
                return
            with Path(name).open("rb") as stream:
                self._stream(stream, name, file)
        except OSError as error:
            self.troubles.add(name, "unreadable", example=error.strerror or str(error))

    def _say(self, name: str, kind: str) -> None:
        self.troubles.add(name, kind, example=_HINTS[kind])

    def _stream(self, stream: IO[bytes], name: str, file: int) -> None:
        start = stream.read(len(formats.PARQUET))
        if start == formats.PARQUET:
            self._parquet(name, file)
            return
        pieces = compressed.pieces(stream, start)
        try:
            head, pieces = formats.peeked(pieces)
        except compressed.BadFileError as error:
            self.troubles.add(name, error.kind, example=error.why)
            return
        form = formats.form(head)
        good = sieve.batches(pieces, name, self.troubles)
        if form == "lines":
            self._engine.lines(tables.lines(good), file)
        elif form == "csv" and (header := formats.header(head)):
            if found := self._found(name, header[1]):
                self._engine.rows(tables.rows(good, header, name, self.troubles), found, file)
        else:
            self._say(name, {"empty": "empty-file", "json-array": "json-array"}.get(form, "unknown-format"))

    def _parquet(self, name: str, file: int) -> None:
        import duckdb
        import pyarrow as arrow

        if name == STDIN:
            self.troubles.add(name, "unreadable", example="Parquet is read from files alone")
            return
        try:
            if found := self._found(name, schema_of(name).names):
                self._engine.parquet(name, lambda _: found, file)
        except (arrow.ArrowException, duckdb.Error) as error:
            self.troubles.add(name, "corrupt-file", example=str(error))

    def _found(self, name: str, names: list[str]) -> dict[str, str]:
        found = tables_of.places(names, self._columns)
        if lacking := tables_of.lacking(found):
            example = f"{', '.join(lacking)} not among {', '.join(names)}; map them with --column"
            self.troubles.add(name, "missing-columns", example=example)
            return {}
        return found


def _observed(database: Database, names: list[str], troubles: Troubles) -> Observations:
    for file, trouble, note, records, connections, example in database.troubles():
        for kind in filter(None, (trouble, *note.split(","))):
            if not kind.startswith("-"):
                number, _, text = example.partition(" ")
                count = connections if kind == "lost-events" else records
                troubles.add(names[file], kind, line=int(number or 0), count=count, example=text)
    for file, name in enumerate(names):
        first, last = _times(database.span(file))
        if first and last and last - first > _LONGEST_SPAN:
            troubles.add(name, "clock-jump", example=f"records are from {first:%Y-%m-%d} to {last:%Y-%m-%d}")
    database.gather()
    where = names[0] if len(names) == 1 else f"{len(names)} files"
    seen = finish.finished(database.sides(), database.groups, troubles, where)
    first, last = _times(database.span())
    records = database.records(_NO_RECORDS)
    return Observations(seen, troubles.all(), len(names), records, first, last)


def _times(span: tuple[int | None, int | None]) -> tuple[datetime | None, datetime | None]:
    first, last = (None if value is None else finish.time(value) for value in span)
    return first, last
