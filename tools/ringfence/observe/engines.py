"""The two engines: each turns files into groups of records, by the same expressions.

DuckDB reads streams, and Parquet itself. Spark reads Parquet itself, from local files; what is text is checked here
first, line by line, and handed over as Parquet in a temporary folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from ringfence.errors import UsageError
from ringfence.observe import columns, dialect, lines
from ringfence.observe.database import Database
from ringfence.observe.extras import needed

Find = Callable[[list[str]], dict[str, str]]
"""Which column is what, from the columns' names."""


class Engine(Protocol):
    """What turns a file, the position of which is `file`, into groups in a database."""

    def lines(self, reader: Any, file: int) -> None:
        """Count the records of a stream of lines."""

    def rows(self, reader: Any, found: dict[str, str], file: int) -> None:
        """Count the records of a stream of rows; `found` says which column is what."""

    def parquet(self, path: str, find: Find, file: int) -> None:
        """Count the records of a Parquet file."""

    def close(self) -> None:
        """Let go of what was started."""


class DuckDB:
    """The engine that is always there: in this process, out of core, on all processors."""

    def __init__(self, database: Database, now: datetime) -> None:
        self._database, self._now = database, now
        self._dialect = dialect.duckdb()

    def lines(self, reader: Any, file: int) -> None:
        """Count the records of a stream of lines."""
        self._run("lines", reader, _lines("duckdb", self._now), file)

    def rows(self, reader: Any, found: dict[str, str], file: int) -> None:
        """Count the records of a stream of rows."""
        self._run("records", reader, self._columns(reader.schema, found), file)

    def parquet(self, path: str, find: Find, file: int) -> None:
        """Count the records of a Parquet file."""
        schema = schema_of(path)
        query = self._columns(schema, find(schema.names))
        self._database.connection.read_parquet(_literal(path)).create_view("records")
        self._database.add(query, file)

    def close(self) -> None:
        """Nothing was started."""

    def _columns(self, schema: Any, found: dict[str, str]) -> str:
        import ibis

        return columns.query(ibis.Schema.from_pyarrow(schema), found, self._dialect, self._now).sql("duckdb")

    def _run(self, name: str, reader: Any, query: str, file: int) -> None:
        self._database.connection.register(name, reader)
        try:
            self._database.add(query, file)
        finally:
            self._database.connection.unregister(name)


class Spark:
    """Spark, in this process or, where SPARK_REMOTE or spark-defaults.conf say so, elsewhere."""

    def __init__(self, database: Database, now: datetime, folder: Path) -> None:
        needed("pyspark")
        from pyspark.errors import PySparkRuntimeError
        from pyspark.sql import SparkSession

        self._database, self._now, self._folder = database, now, folder
        self._dialect = dialect.spark()
        builder = (
            SparkSession.builder.appName("ringfence")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.ui.enabled", "false")
        )
        try:
            self._session = builder.getOrCreate()
        except (OSError, PySparkRuntimeError) as error:  # OSError: what starts Java is not there
            message = f"Spark does not start: a Java runtime is needed ({' '.join(str(error).split())})"
            raise UsageError(message, "install Java 17 or later, or use --engine duckdb") from None

    def lines(self, reader: Any, file: int) -> None:
        """Count the records of a stream of lines."""
        self._run("lines", self._spooled(reader), _lines("pyspark", self._now), file)

    def rows(self, reader: Any, found: dict[str, str], file: int) -> None:
        """Count the records of a stream of rows."""
        self._run("records", self._spooled(reader), self._columns(reader.schema, found), file)

    def parquet(self, path: str, find: Find, file: int) -> None:
        """Count the records of a Parquet file."""
        schema = schema_of(path)
        self._run("records", path, self._columns(schema, find(schema.names)), file)

    def close(self) -> None:
        """Stop Spark."""
        self._session.stop()

    def _columns(self, schema: Any, found: dict[str, str]) -> str:
        import ibis

        return columns.query(ibis.Schema.from_pyarrow(schema), found, self._dialect, self._now).sql("pyspark")

    def _spooled(self, reader: Any) -> str:
        from pyarrow import parquet

        path = self._folder / "spooled.parquet"
        with parquet.ParquetWriter(path, reader.schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(batch)
        return str(path)

    def _run(self, name: str, path: str, query: str, file: int) -> None:
        self._session.read.parquet(_literal(str(Path(path).resolve()))).createOrReplaceTempView(name)
        found = self._session.sql(query).toArrow()
        self._database.connection.register("found", found)
        self._database.add("SELECT * FROM found", file)
        self._database.connection.unregister("found")


@lru_cache(maxsize=4)
def _lines(name: str, now: datetime) -> str:
    return lines.query({"duckdb": dialect.duckdb, "pyspark": dialect.spark}[name](), now).sql(name)


def schema_of(path: str) -> Any:
    """The Arrow schema of a Parquet file."""
    from pyarrow import parquet

    return parquet.read_schema(path)


def _literal(path: str) -> str:
    """A path as a pattern that nothing else matches."""
    return re.sub(r"([\[*?{])", r"[\1]", path)
