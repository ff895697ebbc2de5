"""Makes each break in a copy, asks the gates that must see it, and takes it back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from ringfence.documents.edit import EditError
from ringfence.errors import RingfenceError
from ringfence.findings import Location, Severity
from ringfence.selftest.breaks import DECLARED, RENDERED
from ringfence.selftest.repository import DIALECTS, Repository, Site
from ringfence.selftest.types import (
    Break,
    Case,
    Edits,
    Expected,
    Gate,
    Planned,
    Seen,
    Skipped,
    Turned,
    Verdict,
)


def plan(repository: Repository, gates: Collection[str]) -> Iterator[Planned | Skipped]:
    """Every break with its edits, or why it cannot be made; only what some of the gates must see."""
    for item in DECLARED:
        yield _planned(repository, item, None, gates)
    sites = {site.cluster.dialect: site for site in repository.sites}
    for dialect in DIALECTS:
        if site := sites.get(dialect):
            for item in RENDERED:
                yield _planned(repository, item, site, gates)
            continue
        reason = f"no cluster with an enforced namespace has the dialect {dialect}"
        yield Skipped("rendered", f"{len(RENDERED)} breaks of rendered policies", dialect, reason)


def _planned(repository: Repository, item: Break, site: Site | None, gates: Collection[str]) -> Planned | Skipped:
    dialect = site.cluster.dialect if site else ""
    expected = tuple(one for one in item.expected if one.gate in gates)
    if not expected:
        names = ", ".join(sorted({one.gate for one in item.expected}))
        return Skipped(item.name, item.title, dialect, f"no gate that runs must see it ({names})")
    try:
        broken = item.make(repository, site) if site else item.make(repository)  # type: ignore[call-arg]
    except EditError as error:
        broken = f"{error.message}; {error.hint}"
    if isinstance(broken, str):
        return Skipped(item.name, item.title, dialect, broken)
    where = _where(repository, broken.edits)
    return Planned(item.name, item.title, dialect, site.cluster.name if site else "", where, expected, broken)


def _where(repository: Repository, edits: Edits) -> Location:
    """The first line that differs of the first file that is edited."""
    path, content = next(iter(edits.items()))
    if content is None or path not in repository.files(path):
        return Location(path)
    before, after = repository.read(path).split(b"\n"), content.split(b"\n")
    same = next((index for index, pair in enumerate(zip(before, after, strict=False)) if pair[0] != pair[1]), -1)
    return Location(path, same + 1 or min(len(before), len(after)), 1)


class Runner(Struct, frozen=True):
    """Two equal copies of a repository, the gates by their commands, and what these find before anything is broken."""

    base: Path
    head: Path
    gates: Mapping[str, Gate]
    known: Mapping[str, Collection[str]]

    def run(self, planned: Planned) -> Case:
        """What every gate makes of a break; both copies are as before afterwards."""
        broken = planned.broken
        undo = [
            (self.base, _write(self.base, broken.before)),
            (self.head, _write(self.head, broken.before)),
            (self.head, _write(self.head, broken.edits)),
        ]
        try:
            found = {name: self._ask(name, planned) for name in dict.fromkeys(one.gate for one in planned.expected)}
        finally:
            for root, edits in reversed(undo):
                _write(root, edits)
        return Case(planned, tuple(self._seen(one, found[one.gate]) for one in planned.expected))

    def _ask(self, gate: str, planned: Planned) -> list[Turned] | RingfenceError:
        try:
            found = self.gates[gate](self.base, self.head, planned.cluster)
        except RingfenceError as error:
            return error
        return [item for item in found if item.fingerprint not in self.known.get(gate, ())]

    def _seen(self, expected: Expected, found: list[Turned] | RingfenceError) -> Seen:
        if isinstance(found, RingfenceError):
            return Seen(expected, Verdict.SURVIVED, f"it stops: {found.message}")
        hits = [item for item in found if item.code == expected.code and item.severity is not Severity.INFO]
        if not hits:
            others = ", ".join(sorted({item.code for item in found if item.severity is Severity.ERROR}))
            return Seen(expected, Verdict.SURVIVED, f"it finds {others} instead" if others else "it finds nothing")
        red = next((item for item in hits if item.severity is Severity.ERROR), None)
        return Seen(expected, Verdict.RED if red else Verdict.WARNED, (red or hits[0]).message)


def _write(root: Path, edits: Edits) -> dict[str, bytes | None]:
    """Make edits, and give those that take them back."""
    undo: dict[str, bytes | None] = {}
    for path, content in edits.items():
        full = root / path
        undo[path] = full.read_bytes() if full.exists() else None
        if content is None:
            full.unlink(missing_ok=True)
        else:
            full.write_bytes(content)
    return undo
