"""The scope of a change: the namespaces whose connections it can alter, and the files that say all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from ringfence.affected.edited import Ends, Unclear, ends_of, namespaces_of_edit, only_workloads_differ
from ringfence.affected.part import Part
from ringfence.affected.teams import TEAMS, Teams, folder_of
from ringfence.affected.words import only_flows, words
from ringfence.model import reading, rows
from ringfence.model.remembered import Remembered
from ringfence.sources import Beside, BlobTree, Tree, Unreadable, changed, has, revision

ROOTS = ("teams", "policies")
"""All that a change can matter in."""

RENDERED = "policies/rendered"
ADOPTED = "policies/adopted/"
_OF_NAMESPACES = (f"{RENDERED}/base/", f"{RENDERED}/overlays/")
OF_CLUSTER = "_cluster"


class Scope(Struct, frozen=True):
    """What a change can matter to.

    `namespaces` by declared name: whatever connection differs has an end in one of them. `base` and `head` hold every
    declaration that speaks of one of them, those of the other ends of these, and what is rendered for them. `paths` are
    all files whose bytes differ. `absent` are folders of namespaces (`teams/checkout/shop`) of which some file is on
    neither side: a name that may stand there is not unknown. `within` are the namespaces whose flows are known with
    both ends: no others are to be looked at; None: all flows are that both sides hold.
    """

    namespaces: frozenset[str]
    base: Tree
    head: Tree
    paths: tuple[str, ...]
    absent: frozenset[str]
    within: frozenset[str] | None


def base(root: Path, rev: str, sha: str = "") -> BlobTree:
    """A commit as far as `scope` needs it listed; `sha` is its id, if that is known. Raises `UsageError`."""
    return revision(root, rev, ("policies",), (RENDERED,), sha=sha)


def scope(
    base: Tree, head: Tree, paths: frozenset[str] | None = None, documents: Remembered | None = None
) -> Scope | None:
    """The scope of the change from one tree to the other; None where it may be everything.

    `paths` are the files that differ, where that is known (`sources.changed`). The base is told to list what is looked
    at, and a head beside it with it. `documents` has what is read here, for `model.load`.
    """
    if not isinstance(base, BlobTree):
        return None
    if isinstance(head, Beside):
        paths = frozenset(head.differing)
    elif paths is None:
        paths = changed(base, head, ROOTS)
    if paths is None:
        return None
    if any(path.startswith(ADOPTED) for path in (*base.files(ADOPTED[:-1]), *paths)):
        return None  # what they allow is in no flow, so what other namespaces allow is not known from those
    try:
        return _Scoping(base, head, paths, documents or Remembered()).scope()
    except (Unclear, Unreadable):
        return None


class _Scoping:
    """The work on one change."""

    def __init__(self, base: BlobTree, head: Tree, paths: frozenset[str], documents: Remembered) -> None:
        self._base, self._head, self._documents = base, head, documents
        self._paths = frozenset(path for path in paths if path.startswith(("teams/", "policies/")))
        self._clusters = [path.rpartition("/")[2].removesuffix(".yaml") for path in base.files("policies/clusters")]
        self._teams = Teams(base)
        self._folders = self._teams.folders
        for path in self._paths:
            top, team, *rest = path.split("/")
            if top == "teams" and len(rest) == 2:
                self._folders[rest[0]].add(team)
        self._know(path for path in self._paths if path.startswith(f"{TEAMS}/"))
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
        within = frozenset(namespaces | self._waived())
        speaking |= {path for name in within for path in self._files_of(name)}
        self._know(speaking)
        self._base.fetch(speaking)
        ends = {
            path: {name for flow in flows if flow & within for name in flow} for path, flows in self._ends(speaking)
        }
        named = words(self._contents((*(speaking - ends.keys()), *self._policies))).union(*ends.values())
        spaces = {name for name in named if name in self._folders} | namespaces
        spaces |= {path.split("/")[2] for path in speaking if path.count("/") == 3}
        defining = {path for name in spaces for path in self._files_of(name) if not self._only_flows(path)}
        teams = {path.split("/")[1] for path in (*speaking, *defining)} | (named & self._teams.names)
        declared = {*speaking, *defining, *(f"teams/{team}/team.yaml" for team in teams)}
        self._know(declared)
        files = {*self._policies, *declared}
        files |= set(self._rendered(namespaces))
        absent = frozenset(
            f"teams/{team}/{name}" for name, owners in self._folders.items() for team in owners if name not in spaces
        )
        sides = [self._part(head, files) for head in (False, True)]
        # a file may differ in its mode alone
        differing = sorted(path for path in self._paths if self._read(False, path) != self._read(True, path))
        return Scope(frozenset(namespaces), sides[0], sides[1], tuple(differing), absent, within)

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
        speaking = self._speaking(altered)
        known = dict(self._ends(speaking))
        for path in speaking:
            flows = known.get(path) or [ends for raw in self._contents([path]) for ends in ends_of(path, raw)]
            found |= {name for ends in flows if ends & altered for name in ends}
        return {name for name in found if name in self._folders}

    def _speaking(self, namespaces: Iterable[str]) -> set[str]:
        """The files of some namespaces, and all that speak of a workload of theirs on either side."""
        names = set(namespaces)
        if not names:
            return set()
        found = self._teams.speaking(names) | {path for path in self._paths if path.startswith(f"{TEAMS}/")}
        found |= {path for name in names for path in self._files_of(name)}
        self._know(found)
        self._base.fetch(found)
        return found

    def _ends(self, paths: Iterable[str]) -> Iterator[tuple[str, list[Ends]]]:
        """Of some files, those that do not differ, hold flows, and are plain: the namespaces at the ends of each."""
        same = sorted(path for path in paths if path not in self._paths and self._only_flows(path))
        for place, document in reading.flows(self._base, same, self._documents):
            if None not in document.rows:
                yield document.where.path, [Ends(rows.namespaces(row, place.namespace)) for row in document.rows if row]

    def _waived(self) -> set[str]:
        """The namespaces that waivers speak of: their flows must be known."""
        waivers = self._base.files("policies/waivers")
        return {name for name in words(self._contents(waivers)) if name in self._folders}

    def _files_of(self, namespace: str) -> Iterator[str]:
        for owner in self._folders.get(namespace, ()):
            folder = f"{TEAMS}/{owner}/{namespace}/"
            yield from self._teams.files(folder)
            yield from (path for path in self._paths if path.startswith(folder) and path not in self._base.blobs)

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
        self._sides().also(paths)
        if self._base.found:
            raise Unclear

    def _know(self, paths: Iterable[str]) -> None:
        """List the folders of some files of teams, in which the base has what the teams say."""
        folders = {folder_of(path) for path in paths}
        self._sides().know({path: file.id for folder in folders for path, file in self._teams.files(folder).items()})

    def _sides(self) -> BlobTree:
        """What has to be told what else to list: a head that is listed beside the base tells that."""
        return self._head if isinstance(self._head, Beside) else self._base

    def _part(self, head: bool, files: set[str]) -> Tree:
        tree = self._head if head else self._base
        if isinstance(tree, BlobTree):
            tree.fetch(files)
        there = {path for path in files - self._paths if path in self._base.blobs}
        there |= {path for path in files & self._paths if self._read(head, path) is not None}
        if not isinstance(tree, BlobTree):
            return Part(tree, there)
        for path in there:
            tree.read(path)  # what the cache knows too: what Git has lost is told with a cache and without
        return tree.part(there)

    def _only_flows(self, path: str) -> bool:
        if path not in self._paths:
            return self._teams.files(folder_of(path))[path].only_flows
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
