"""The findings of one file while its events are read: what each refusal says, and when to stop."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ringfence.documents import codes
from ringfence.documents.document import Lines
from ringfence.documents.scalars import Refused, shown
from ringfence.documents.text import name_of
from ringfence.findings import Check, Finding

_CORE = "tag:yaml.org,2002:"
MAX_FINDINGS = 100
MAX_DEPTH = 64
MAX_EXPANDED = 1_000_000


class Stop(Exception):  # noqa: N818 - a jump, not an error
    """Reading on makes no sense; the reason is a finding."""


class Problems:
    """The findings of one file, at most `MAX_FINDINGS` and one that says so. A `place` is as in `Document`.

    Every method may raise `Stop`.
    """

    def __init__(self, path: str, lines: Lines) -> None:
        self.path = path
        self._lines = lines
        self.found: list[Finding] = []

    def add(self, check: Check, place: int, message: str, hint: str, related: Iterable[tuple[int, str]] = ()) -> None:
        """Report; stops at the limit."""
        others = [(self._lines.location(self.path, other), text) for other, text in related]
        self.found.append(check.at(self._lines.location(self.path, place), message, hint=hint, related=others))
        if len(self.found) >= MAX_FINDINGS:
            message = f"there are {MAX_FINDINGS} problems up to here; the rest of the file was not read"
            self.found.append(check.at(self._lines.location(self.path, place), message, hint="mend these first"))
            raise Stop

    def scalar(self, scalar: Refused, place: int) -> None:
        """An unquoted scalar that is an error."""
        self.add(scalar.check, place, scalar.message, scalar.hint)

    def escape(self, character: str, place: int) -> None:
        """A character that a person cannot see, written as an escape."""
        message = f"an escape in this text stands for {name_of(character)}; a person cannot see it in use"
        self.add(codes.FORBIDDEN_CHARACTER, place, message, "write the text without it")

    def tag(self, tag: str, place: int) -> None:
        """A tag."""
        written = f"!!{tag.removeprefix(_CORE)}" if tag.startswith(_CORE) else tag
        message = f"the tag `{shown(written)}` changes the type of a value in a way that readers treat differently"
        self.add(codes.TAG, place, message, "delete it, and put a text that starts with `!` in quotes")

    def alias(self, name: str, place: int) -> None:
        """An anchor or alias (`name` with its sign) in a declaration."""
        message = f"`{shown(name)}` is an anchor or alias: what stands elsewhere would change this part unseen"
        self.add(codes.ALIAS, place, message, f"write the value out; a text that starts with `{name[0]}` needs quotes")

    def unknown_alias(self, name: str, place: int) -> None:
        """An alias that no anchor stands before."""
        message = f"this is not YAML: no anchor `&{shown(name)}` stands above this alias"
        self.add(codes.SYNTAX, place, message, "put a text that starts with `*` in quotes")

    def endless_alias(self, name: str, place: int) -> None:
        """An alias inside the value that it stands for."""
        message = f"the alias `*{shown(name)}` is inside the value that it stands for"
        self.add(codes.TOO_MANY_ALIASES, place, message, "write out what is meant")

    def too_deep(self, place: int) -> None:
        """Nesting beyond the limit; always stops."""
        message = f"the nesting is deeper than {MAX_DEPTH} levels, which makes some readers crash"
        self.add(codes.TOO_DEEP, place, message, "no document needs it: write it flat")
        raise Stop

    def too_many_aliases(self, place: int) -> None:
        """Aliases beyond the limit; always stops."""
        message = f"the aliases up to here stand for more than {MAX_EXPANDED:,} values"
        self.add(codes.TOO_MANY_ALIASES, place, message, "write out what is meant")
        raise Stop

    def directive(self, place: int) -> None:
        """A `%` line."""
        message = "a directive (a line that starts with %) changes what the words below it mean"
        self.add(codes.DIRECTIVE, place, message, "delete that line")

    def second_document(self, place: int) -> None:
        """A second document where one is allowed; always stops."""
        message = "a second document starts here; many readers would drop it silently"
        self.add(codes.SEVERAL_DOCUMENTS, place, message, "put each document in a file of its own")
        raise Stop

    def key(self, value: Any, place: int) -> None:
        """A key that is not text."""
        if isinstance(value, list | dict):
            kind = "a mapping" if isinstance(value, dict) else "a list"
            hint = "write a name; a text that starts with `{` or `[` needs quotes"
        elif value is None:
            kind, hint = "empty", "write a name before the `:`"
        else:
            kind = f"the {'boolean' if isinstance(value, bool) else 'number'} {str(value).lower()}"
            hint = f'put it in quotes: "{str(value).lower()}"'
        self.add(codes.KEY_NOT_TEXT, place, f"the key is {kind}; JSON and Kubernetes have keys of text only", hint)

    def duplicate(self, key: str, place: int, first: int) -> None:
        """A key that the mapping has already, at `first`."""
        message = (
            f"the key `{shown(key)}` is in this mapping twice; most readers keep the last and silently drop the first"
        )
        related = ((first, "the first one is here"),)
        self.add(codes.DUPLICATE_KEY, place, message, "delete one of the two, or merge them", related)
