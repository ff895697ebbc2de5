"""Findings: what is wrong, exactly where, how bad, and how to mend it.

Every stage reports problems of the user's documents as values of these types. This module knows no stage. They are
named tuples, since a hook starts with them, and `dataclasses` takes longer to import than all of Python to start.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import NamedTuple


class Severity(enum.StrEnum):
    """How bad a finding is. Only `ERROR` makes a run fail."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Location(NamedTuple):
    """A place in a file of the repository.

    `path` is relative to the repository's root with `/`; `line` and `column` count from 1. Line 0 means the whole file.
    """

    path: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}" if self.line else self.path


class Check(NamedTuple):
    """The identity of one kind of finding: stable code, kebab-case name, severity, and its page.

    `doc` is Markdown: a title line, then the headings "What it finds", "Why it matters", "Fails" and "Passes".
    """

    code: str
    name: str
    severity: Severity
    doc: str

    @property
    def title(self) -> str:
        """The first line of the page, without its final period."""
        return self.doc.strip().splitlines()[0].rstrip(".")

    def at(
        self,
        where: Location,
        message: str,
        *,
        hint: str = "",
        subject: str = "",
        related: Iterable[tuple[Location, str]] = (),
    ) -> Finding:
        """A finding of this check at a place."""
        return Finding(self, where, message, hint, subject, tuple(related))


class Finding(NamedTuple):
    """One problem at one primary location.

    `message` says what is wrong and why it matters; `hint` is the likely fix; `subject` names what the finding is about
    (a flow `shop/authorise-card`, a workload `shop/checkout`) so that a waiver can name it; `related` are other places.
    """

    check: Check
    where: Location
    message: str
    hint: str = ""
    subject: str = ""
    related: tuple[tuple[Location, str], ...] = ()

    @property
    def severity(self) -> Severity:
        """The severity of the check behind the finding."""
        return self.check.severity

    @property
    def sort_key(self) -> tuple[str, int, int, str, str]:
        """The stable order of reports: by place, then code and message."""
        return (self.where.path, self.where.line, self.where.column, self.check.code, self.message)

    @property
    def fingerprint(self) -> str:
        """An identity that survives line shifts: code, path, subject and message (hex)."""
        import hashlib

        text = "\0".join((self.check.code, self.where.path, self.subject, self.message))
        return hashlib.sha256(text.encode()).hexdigest()[:32]


def has_errors(findings: Iterable[Finding]) -> bool:
    """Whether any finding makes the run fail."""
    return any(finding.severity is Severity.ERROR for finding in findings)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The findings in report order, exact repetitions removed."""
    return sorted(dict.fromkeys(findings), key=lambda finding: finding.sort_key)
