"""Values in one SQLite file: looked up and kept many at a time, bounded in size, dropped where anything is amiss."""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from ringfence.cache import place, tools

if TYPE_CHECKING:
    import sqlite3

FILE = "values-1.sqlite"
"""The number is that of the table below."""

MAX_BYTES = 512 * 1024 * 1024
KEPT_WEEKS = 5
"""A value that no run asked for in so long goes."""

_WEEK = 7 * 86_400
_PAGE = 8192
_BATCH = 500
_WAIT = 0.5
"""Seconds to wait for another run that writes; then this one does without."""

_TABLE = """
CREATE TABLE IF NOT EXISTS entries (
  id INTEGER PRIMARY KEY, kind TEXT, tool BLOB, week INTEGER, sum BLOB, value BLOB
);
CREATE INDEX IF NOT EXISTS by_age ON entries (week);
"""


class Store:
    """Values by kind and key. Without a folder it holds nothing; `why` then says why. For one thread of one process.

    `hits` and `misses` count the keys asked for, by kind.
    """

    _open: sqlite3.Connection | None = None  # `__del__` asks, also where Ctrl-C came before `__init__`

    def __init__(self, folder: str, why: str = "", *, tool: bytes = b"", max_bytes: int = MAX_BYTES) -> None:
        self.path = os.path.join(folder, FILE) if folder else ""
        self.why = why
        self.hits: Counter[str] = Counter()
        self.misses: Counter[str] = Counter()
        self._tool = tool
        self._max_bytes = max_bytes
        self._process = os.getpid()
        self._swept = False

    def get(self, kind: str, keys: Iterable[str]) -> dict[str, bytes]:
        """The values that are there and intact, in the order of the keys; in doubt none. Never raises."""
        wanted = {self._id(kind, key): key for key in keys}
        found: dict[str, bytes] = {}
        if wanted:
            self._with(lambda database: self._read(database, kind, wanted, found))
        self.hits[kind] += len(found)
        self.misses[kind] += len(wanted) - len(found)
        return {key: found[key] for key in wanted.values() if key in found}

    def put(self, kind: str, items: Mapping[str, bytes]) -> None:
        """Keep values, where that can be done soon. Never raises."""
        size = sum(map(len, items.values()))
        if not items or size > self._max_bytes // 4:
            return
        week = _this_week()
        rows = sorted(
            (self._id(kind, key), kind, self._tool, week, self._sum(kind, key, value), value)
            for key, value in items.items()
        )

        def write(database: sqlite3.Connection) -> None:
            with _transaction(database):
                self._sweep(database, size, week)
                database.executemany("INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?)", rows)

        self._with(write)

    def kinds(self) -> dict[str, tuple[int, int]]:
        """How many values of each kind there are, of any tool, and their bytes."""
        found: dict[str, tuple[int, int]] = {}

        def count(database: sqlite3.Connection) -> None:
            query = "SELECT kind, count(*), sum(length(value)) FROM entries GROUP BY kind ORDER BY kind"
            found.update({str(kind, "utf-8"): (number, size) for kind, number, size in database.execute(query)})

        self._with(count)
        return found

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        database, self._open = self._open, None
        if database is not None and os.getpid() == self._process:
            with contextlib.suppress(Exception):
                database.close()

    def _read(self, database: sqlite3.Connection, kind: str, wanted: dict[int, str], found: dict[str, bytes]) -> None:
        week = _this_week()
        used = []
        ids = sorted(wanted)  # near each other in the file
        for start in range(0, len(ids), _BATCH):
            batch = ids[start : start + _BATCH]
            query = f"SELECT id, week, sum, value FROM entries WHERE id IN ({','.join('?' * len(batch))})"  # noqa: S608
            for id_, last, sum_, value in database.execute(query, batch):
                key = wanted[id_]
                if isinstance(value, bytes) and sum_ == self._sum(kind, key, value):
                    found[key] = value
                    if last != week:
                        used.append((week, id_))
        if used:
            with _transaction(database):
                database.executemany("UPDATE entries SET week = ? WHERE id = ?", used)

    def _sweep(self, database: sqlite3.Connection, coming: int, week: int) -> None:
        """Drop what is old, and so much that what comes fits: values of other tools and the least used ones first."""
        if not self._swept:
            database.execute("DELETE FROM entries WHERE week < ?", (week - KEPT_WEEKS,))
            self._swept = True
        (pages,) = database.execute("PRAGMA page_count").fetchone()
        (free,) = database.execute("PRAGMA freelist_count").fetchone()
        excess = (pages - free) * _PAGE + 2 * coming - self._max_bytes
        if excess <= 0:
            return
        excess += self._max_bytes // 4
        gone = []
        for id_, size in database.execute(
            "SELECT id, length(value) FROM entries ORDER BY tool = ?, week", (self._tool,)
        ):
            gone.append((id_,))
            excess -= size
            if excess <= 0:
                break
        database.executemany("DELETE FROM entries WHERE id = ?", gone)

    def _id(self, kind: str, key: str) -> int:
        """The row of a key. Should two keys share one, the checksum tells whose it is."""
        return int.from_bytes(tools.digest(self._tool, kind.encode(), _bytes(key))[:8], "big", signed=True)

    def _sum(self, kind: str, key: str, value: bytes) -> bytes:
        return tools.digest(self._tool, kind.encode(), _bytes(key), value)

    def _with(self, action: Callable[[sqlite3.Connection], None]) -> None:
        """Do something with the file where that is possible; a failure ends the action and nothing else."""
        if not self.path or os.getpid() != self._process:
            return
        import sqlite3

        try:
            if self._open is None:
                self._open = _connect(self.path, self._max_bytes)
            action(self._open)
        except (sqlite3.Error, OSError, TypeError, ValueError, OverflowError) as error:
            self.close()
            if not _passing(error):
                remove(self.path)  # the next use makes it anew

    def __del__(self) -> None:
        self.close()


def store() -> Store:
    """The store of this user, or one that holds nothing and says why."""
    found = place.find()
    if found.why:
        return Store("", found.why)
    if why := place.distrusted(os.path.join(found.folder, FILE)):
        return Store("", why)
    return Store(found.folder, tool=tools.tool())


def remove(path: str) -> None:
    """Remove a file of values with its journal, as far as that is possible."""
    for name in (path, f"{path}-journal"):
        with contextlib.suppress(OSError):
            os.unlink(name)


def _bytes(key: str) -> bytes:
    """A key as bytes; it may hold the path of a folder, which need not be text."""
    return key.encode("utf-8", "surrogateescape")


def _this_week() -> int:
    return int(time.time()) // _WEEK


def _connect(path: str, max_bytes: int) -> sqlite3.Connection:
    """The file, open. Without `fsync`: after a power cut a damaged file is noticed, and made anew."""
    import sqlite3

    database = sqlite3.connect(path, timeout=_WAIT, isolation_level=None)
    try:
        database.text_factory = bytes
        for pragma in (
            f"page_size = {_PAGE}",
            "trusted_schema = OFF",
            "cell_size_check = ON",
            "synchronous = OFF",
            "cache_size = -65536",
            f"max_page_count = {max_bytes // _PAGE}",
        ):
            database.execute(f"PRAGMA {pragma}")
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'by_age'").fetchone():
            database.executescript(_TABLE)
    except BaseException:
        database.close()
        raise
    return database


@contextlib.contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        with contextlib.suppress(Exception):
            database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")


def _passing(error: Exception) -> bool:
    """Whether a failure says nothing against the file itself: busy, full, read-only, misused."""
    import sqlite3

    return isinstance(error, sqlite3.ProgrammingError) or getattr(error, "sqlite_errorcode", 0) & 0xFF in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_INTERRUPT,
    )
