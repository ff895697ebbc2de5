"""The scope of a change: the namespaces whose connections it can alter, and the files that say all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ringfence.affected.edited import Unclear, ends_of, namespaces_of_edit, only_workloads_differ
from ringfence.affected.part import Part
from ringfence.affected.words import only_flows, words
from ringfence.sources import BlobTree, Tree, Unreadable, changed, has, holding

ROOTS = ("teams", "policies")
"""All that a change can matter in."""

RENDERED = "policies/rendered"
ADOPTED = "policies/adopted/"
_OF_NAMESPACES = (f"{RENDERED}/base/", f"{RENDERED}/overlays/")
OF_CLUSTER = "_cluster"

Folder = tuple[str, str]
"""Team and namespace."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a change can matter to.

    `namespaces` by declared name: whatever connection differs has an end in one of them. `base` and `head` hold every
    declaration that speaks of one of them, those of the other ends of these, and what is rendered for them. `paths` is
    all that differs.
    """

    namespaces: frozenset[str]
    base: Part
    head: Part
    paths: tuple[str, ...]


def scope(
    base: Tree, head: Tree, paths: frozenset[str] | None = None, meanwhile: Callable[[], object] = lambda: None
) -> Scope | None:
    """The scope of the change from one tree to the other; None where it may be everything.

    `paths` are the files that differ, where that is known (`sources.changed`). Of what is rendered, trees of Git's need
    not list anything: they are told to list what is looked at. `meanwhile` may be called while Git is at work.
    """
    if not isinstance(base, BlobTree):
        return None
    paths = changed(base, head, ROOTS) if paths is None else paths
    if paths is None:
        return None
    if any(path.startswith(ADOPTED) for path in (*base.files(ADOPTED[:-1]), *paths)):
        return None  # what they allow is in no flow, so what other namespaces allow is not known from those
    try:
        return _Scoping(base, head, paths, meanwhile).scope()
    except (Unclear, Unreadable):
        return None


class _Scoping:
    """The work on one change."""

    def __init__(self, base: BlobTree, head: Tree, paths: frozenset[str], meanwhile: Callable[[], object]) -> None:
        self._base, self._head, self._meanwhile = base, head, meanwhile
        self._paths = frozenset(path for path in paths if path.startswith(("teams/", "policies/")))
        self._clusters = [path.rpartition("/")[2].removesuffix(".yaml") for path in base.files("policies/clusters")]
        self._folders: dict[str, set[str]] = {}
        self._teams: set[str] = set()
        for path in (*base.files("teams"), *(path for path in self._paths if path.startswith("teams/"))):
            parts = path.split("/")
            self._teams.add(parts[1])
            if len(parts) == 4:
                self._folders.setdefault(parts[2], set()).add(parts[1])
        self._policies = [path for path in base.files("policies") if not path.startswith(f"{RENDERED}/")]
        base.fetch((*self._policies, *self._paths))
        if isinstance(head, BlobTree):
            head.fetch(self._paths)
        # what differs is read again and again; None: the tree has no such file
        self._differing: dict[tuple[bool, str], bytes | None] = {}

    def scope(self) -> Scope:
        self._list(f"{RENDERED}/overlays/{cluster}/{OF_CLUSTER}" for cluster in self._clusters)
        namespaces = self._namespaces()
        speaking = self._speaking(namespaces)
        speaking |= {path for name in self._waived() for path in self._files_of(name)}
        self._base.fetch(speaking)
        named = words(self._contents((*speaking, *self._policies)))
        spaces = {name for name in named if name in self._folders} | namespaces
        spaces |= {path.split("/")[2] for path in speaking if path.count("/") == 3}
        of_spaces = [path for name in spaces for path in self._files_of(name)]
        self._base.fetch(of_spaces)
        defining = {path for path in of_spaces if not self._only_flows(path)}
        teams = {path.split("/")[1] for path in (*speaking, *defining)} | (named & self._teams)
        teams |= {path.split("/")[1] for path in self._paths if path.startswith("teams/")}
        files = {*self._policies, *speaking, *defining, *(f"teams/{team}/team.yaml" for team in teams)}
        files |= set(self._rendered(namespaces))
        absent = {
            f"teams/{team}/{name}" for name, owners in self._folders.items() for team in owners if name not in spaces
        }
        sides = [self._part(head, files, absent) for head in (False, True)]
        return Scope(frozenset(namespaces), sides[0], sides[1], tuple(sorted(self._paths)))

    def _namespaces(self) -> set[str]:
        """The namespaces at both ends of what differs. Raises `Unclear` where that may be all."""
        found: set[str] = set()
        altered: set[str] = set()
        for path in self._paths:
            parts = path.split("/")
            if path.startswith(_OF_NAMESPACES):
                place = parts[3:] if parts[2] == "base" else parts[4:]
                if len(place) != 3 or place[0] == OF_CLUSTER:
                    raise Unclear
                found.add(place[1])
            elif parts[0] == "teams" and len(parts) == 4:
                found.add(parts[2])
                sides = self._read(False, path), self._read(True, path)
                ends = namespaces_of_edit(path, *sides)
                if ends is not None:
                    found |= ends
                elif only_workloads_differ(path, *sides):
                    altered.add(parts[2])
                else:
                    raise Unclear
            else:
                raise Unclear
        # guardrails as policies may select by the labels of workloads, and except the ends of flows with a waiver
        if (altered or found & self._waived()) and any(
            f"/{OF_CLUSTER}/" in path for path in self._base.files(f"{RENDERED}/overlays")
        ):
            raise Unclear
        for path in self._speaking(altered):
            for head in (False, True):
                if (raw := self._read(head, path)) is not None:
                    found |= {name for ends in ends_of(path, raw) if ends & altered for name in ends}
        return {name for name in found | altered if name in self._folders}

    def _speaking(self, namespaces: Iterable[str]) -> set[str]:
        """The files of some namespaces, and all that speak of a workload of theirs on either side."""
        names = set(namespaces)
        if not names:
            return set()
        texts = [f"{name}/" for name in names]
        # with an escape, a text can be written in another way
        held = holding(self._base, [*texts, "\\"], "teams", self._meanwhile)
        self._base.fetch(held)
        found = {path for path in held if self._speaks(path, texts, names)}
        found |= {path for path in self._paths if path.startswith("teams/")}
        return found | {path for name in names for path in self._files_of(name)}

    def _speaks(self, path: str, texts: Iterable[str], names: set[str]) -> bool:
        raw = self._read(False, path) or b""
        return any(text.encode() in raw for text in texts) or bool(words([raw]) & names if b"\\" in raw else ())

    def _waived(self) -> set[str]:
        """The namespaces that waivers speak of: their flows must be known."""
        waivers = self._base.files("policies/waivers")
        return {name for name in words(self._contents(waivers)) if name in self._folders}

    def _files_of(self, namespace: str) -> Iterator[str]:
        for owner in self._folders.get(namespace, ()):
            folder = f"teams/{owner}/{namespace}"
            yield from self._base.files(folder)
            yield from (path for path in self._paths if path.startswith(f"{folder}/") and path not in self._base.blobs)

    def _rendered(self, namespaces: Iterable[str]) -> Iterator[str]:
        places = [f"{team}/{name}" for name in namespaces for team in self._folders[name]]
        above = [f"{RENDERED}/base", *(f"{RENDERED}/overlays/{cluster}" for cluster in self._clusters)]
        folders = [f"{folder}/{place}" for folder in above for place in places]
        differing = [path for path in self._paths if path.startswith(f"{RENDERED}/")]
        self._list((*folders, *differing))
        for folder in (*folders, *(f"{folder}/{OF_CLUSTER}" for folder in above)):
            yield from self._base.files(folder)
        yield from differing

    def _list(self, paths: Iterable[str]) -> None:
        paths = list(paths)
        for tree in (self._base, self._head):
            if isinstance(tree, BlobTree):
                tree.also(paths)
                if tree.found:
                    raise Unclear

    def _part(self, head: bool, files: set[str], absent: set[str]) -> Part:
        tree = self._head if head else self._base
        if isinstance(tree, BlobTree):
            tree.fetch(files)
        there = {path for path in files - self._paths if path in self._base.blobs}
        there |= {path for path in files & self._paths if self._read(head, path) is not None}
        return Part(tree, there, absent)

    def _only_flows(self, path: str) -> bool:
        return all(only_flows(raw) for raw in self._contents([path]))

    def _contents(self, paths: Iterable[str]) -> Iterator[bytes]:
        """The bytes of files, of both sides where they differ."""
        for path in paths:
            for head in (False, True) if path in self._paths else (False,):
                if (raw := self._read(head, path)) is not None:
                    yield raw

    def _read(self, head: bool, path: str) -> bytes | None:
        key = (head and path in self._paths, path)
        if key not in self._differing:
            tree = self._head if key[0] else self._base
            self._differing[key] = tree.read(path) if has(tree, path) else None
        return self._differing[key]
