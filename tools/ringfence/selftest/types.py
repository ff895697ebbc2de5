"""The values of a selftest: what is broken, what must turn red, and what did."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from ringfence.findings import Location, Severity

if TYPE_CHECKING:
    from ringfence.selftest.repository import Repository, Site

Edits = Mapping[str, bytes | None]
"""The new content of files by path; None removes one."""


class Turned(Struct, frozen=True):
    """One finding of a gate. `fingerprint` is its identity (`Finding.fingerprint`)."""

    code: str
    severity: Severity
    message: str
    fingerprint: str


Gate = Callable[[Path, Path, str], Sequence[Turned]]
"""What a gate finds in a repository, given the roots of base and head, and a cluster to look at ("": all)."""


class Expected(Struct, frozen=True):
    """A gate, by its command, and the code of the finding that it must have."""

    gate: str
    code: str


class Broken(Struct, frozen=True):
    """The edits of a break. `before` are made in the base too: what somebody had broken already."""

    edits: Edits
    before: Edits = field(default_factory=dict)


class Break(Struct, frozen=True):
    """One way to break a repository: `title` says it in words, `expected` is everything that must see it.

    `make` gives the edits, or the reason why there is nothing here to break in this way. It is given a cluster where
    rendered policies are broken, and else None.
    """

    name: str
    title: str
    expected: tuple[Expected, ...]
    make: Callable[[Repository, Site], Broken | str] | Callable[[Repository], Broken | str]


class Planned(Struct, frozen=True):
    """A break with its edits; `cluster` and `dialect` are empty for one of the declarations."""

    name: str
    title: str
    dialect: str
    cluster: str
    where: Location
    expected: tuple[Expected, ...]
    broken: Broken


class Verdict(enum.StrEnum):
    """What a gate made of a break: an error, a warning (as the settings ask), or nothing."""

    RED = "red"
    WARNED = "warned"
    SURVIVED = "survived"


class Seen(Struct, frozen=True):
    """What one expectation came to. `message` is the gate's, or says what it found instead."""

    expected: Expected
    verdict: Verdict
    message: str


class Case(Struct, frozen=True):
    """A break and what every gate made of it."""

    planned: Planned
    seen: tuple[Seen, ...]

    @property
    def survivors(self) -> tuple[Seen, ...]:
        """The expectations that did not come true."""
        return tuple(item for item in self.seen if item.verdict is Verdict.SURVIVED)


class Skipped(Struct, frozen=True):
    """A break that cannot be made in this repository, and why."""

    name: str
    title: str
    dialect: str
    reason: str
