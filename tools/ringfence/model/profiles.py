"""The profiles of network plugins: which there are, and the facts of one together with those that it extends.

Many ship with the tool; a repository may add its own. Only those that a cluster names are read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from ringfence import documents, resources
from ringfence.findings import Location
from ringfence.model.layout import Place, profile_name
from ringfence.model.node import Node
from ringfence.model.ports import Report
from ringfence.model.problems import names, profiles
from ringfence.model.types import Fact
from ringfence.values.nearest import nearest

_HINT = "the installation is broken: install ringfence again"

Key = tuple[str, str]
"""A name and a version, which is empty for a profile without versions."""


class Note(Struct, frozen=True):
    """What a person should know of a network plugin and nothing checks."""

    text: str
    source: str


class Profile(Struct, frozen=True):
    """What is known of one release of a network plugin, facts and notes of extended profiles included."""

    name: str
    version: str
    title: str
    facts: Mapping[str, Fact]
    notes: tuple[Note, ...]


class Profiles:
    """All profiles by name and version: those of the tool, and those that a repository adds."""

    def __init__(self, own: Mapping[Key, Node] | None = None) -> None:
        self._shipped = {profile_name(stem): stem for stem in resources.profile_names()}
        self._own = own or {}
        self._read: dict[Key, Mapping[str, Any]] = {}

    def known(self) -> list[Key]:
        """Every name and version, by name, older versions first."""
        return sorted({*self._shipped, *self._own}, key=lambda key: (key[0], _order(key[1])))

    def find(self, name: str, version: str) -> Key | None:
        """The profile that a name and a version mean: without version the newest, and `3.32.1` means `3.32`."""
        known = [other for same, other in self.known() if same == name]
        if not version:
            return (name, known[-1]) if known else None
        while version and version not in known:
            version = version.rpartition(".")[0]
        return (name, version) if version else None

    def missing(self, name: str, version: str) -> tuple[str, str]:
        """Why there is no such profile, and what to write instead."""
        keys = self.known()
        versions = [other for same, other in keys if same == name]
        if not versions:
            guess = nearest(name, {same for same, _ in keys})
            every = ", ".join(f"`{same}`" for same in dict.fromkeys(same for same, _ in keys))
            why = f"there is no profile of a network plugin `{name}`"
            return why, f"did you mean `{guess}`?" if guess else f"the plugins are {every}"
        if versions == [""]:
            return f"the profile of `{name}` has no versions, and `{version}` is none of it", "leave the version out"
        listed = ", ".join(f"`{other}`" for other in versions if other)
        return f"there is no profile of `{name}` {version}", f"the versions are {listed}; an own profile can extend one"

    def get(self, key: Key) -> Profile:
        """A profile that is there; what it extends counts where it says nothing. A chain that is broken ends there."""
        title, facts, notes = "", dict[str, Fact](), list[Note]()
        for data in (self._data(step) for step in self.chain(key)):
            title = title or _text(data.get("title"))
            for name, fact in _facts(data.get("facts")).items():
                facts.setdefault(name, fact)
            notes += _notes(data.get("notes"))
        return Profile(*key, title, facts, tuple(notes))

    def chain(self, key: Key) -> list[Key]:
        """A profile and those that it extends, each once."""
        found: list[Key] = []
        after: Key | None = key
        while after is not None and after not in found:
            found.append(after)
            wanted = _text(self._data(after).get("extends"))
            name, _, version = wanted.partition("@")
            after = self.find(name, version) if wanted else None
        return found

    def check(self, report: Report) -> None:
        """Report own profiles that extend what is not there, or one another in a ring."""
        for key, node in self._own.items():
            extends = node.get("extends")
            name, _, version = extends.text().partition("@")
            after = self.find(name, version) if name else None
            if name and after is None:
                why, hint = self.missing(name, version)
                report(profiles.UNKNOWN_CNI.at(extends.where, why, hint=hint))
            elif after is not None and key in self.chain(after):
                message = f"the profile extends itself by way of {' and '.join(map(_shown, self.chain(after)))}"
                report(profiles.PROFILE_RING.at(extends.where, message, hint="leave out `extends` in one of them"))

    def _data(self, key: Key) -> Mapping[str, Any]:
        if key not in self._read:
            value = self._own[key].value if key in self._own else _shipped(self._shipped[key])
            self._read[key] = value if isinstance(value, dict) else {}
        return self._read[key]


def _shipped(stem: str) -> Any:
    document, _ = documents.read(f"{stem}.yaml", resources.profile_text(stem))
    if document is None:
        raise resources.MissingDataError(f"the profile {stem} that ships with ringfence cannot be read", _HINT)
    return document.data


def build(found: Iterable[tuple[Place, Node]], report: Report) -> Profiles:
    """The profiles of a repository with those of the tool. What is wrong with its own is reported."""
    shipped = {profile_name(stem) for stem in resources.profile_names()}
    own: dict[Key, Node] = {}
    for place, node in found:
        key = (place.name, place.version)
        if key in shipped:
            report(
                names.DUPLICATE_NAME.at(
                    Location(node.where.path),
                    f"a profile of {_shown(key)} ships with the tool; which of the two is meant would be a guess",
                    hint=f"give the file another name, and write `extends: {_shown(key)}`",
                )
            )
        else:
            own[key] = node
    result = Profiles(own)
    result.check(report)
    return result


def _shown(key: Key) -> str:
    return "@".join(filter(None, key))


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def _facts(data: object) -> dict[str, Fact]:
    result = {}
    for name, fact in data.items() if isinstance(data, dict) else ():
        if isinstance(fact, dict):
            value = fact.get("value")
            if isinstance(value, list):
                value = tuple(item for item in value if isinstance(item, str))
            elif not isinstance(value, bool | int):
                value = None
            result[name] = Fact(value, _text(fact.get("source")), _text(fact.get("note")))
    return result


def _notes(data: object) -> list[Note]:
    items = data if isinstance(data, list) else []
    return [Note(_text(item.get("text")), _text(item.get("source"))) for item in items if isinstance(item, dict)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
