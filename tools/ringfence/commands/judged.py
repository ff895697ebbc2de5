"""What `validate` says of a working tree, worked out from what it said of a commit before, where the cache knows that.

What a change cannot concern was judged with the commit. The part that it can concern is judged twice, as it was and as
it is: what the two judgements differ in is what the whole differs in. Where that cannot be said, everything is judged.
"""

from __future__ import annotations

import datetime
import json
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ringfence.asking import BUT, ONLY
from ringfence.findings import Check, Finding, Location, has_errors

if TYPE_CHECKING:
    from ringfence.affected import Scope
    from ringfence.cache import Store
    from ringfence.model.remembered import Remembered
    from ringfence.model.types import Model
    from ringfence.sources import Difference, Tree, WorkingTree

KIND = "judged"
"""The kind of the cache's values: a judgement as JSON, by root, commit, day and what differs from the commit."""

_COMMITS = 50

_MANY = 2_000
"""Files that are not read twice: all are sooner read once, with copies of this process."""


class Judgement(NamedTuple):
    """The findings of loading and of the checks, and how many things of each kind the model has (empty: no model).

    `read` is how many files were read for it.
    """

    findings: tuple[Finding, ...]
    counts: dict[str, int]
    read: int


def working_tree(root: Path, today: datetime.date) -> Judgement:
    """The judgement of the working tree on a day."""
    from ringfence import cache, sources

    store = cache.store()
    tree = sources.working_tree(root, ONLY, BUT)
    commits = [] if store.why else sources.recent(root, _COMMITS)
    if not commits:
        return judge(tree, today)
    return _Judging(root, tree, today, store, commits).judgement()


def judge(tree: Tree, today: datetime.date, read: Callable[[], object] = lambda: None) -> Judgement:
    """The judgement of a tree, every file of it looked at; `read` is called when no more will be read."""
    from ringfence import cache, model
    from ringfence.model.remembered import Remembered

    documents = Remembered(cache.store())
    loaded, found = model.load(tree, (), documents)
    read()
    return _checked(loaded, found, today, documents.known)


def _checked(loaded: Model | None, found: Iterable[Finding], today: datetime.date, known: int = 0) -> Judgement:
    """The judgement of a model and the findings of loading it, for which so many files were known."""
    from ringfence import checks
    from ringfence.commands import progress

    findings = list(found)
    if loaded is None:
        return Judgement(tuple(findings), {}, 0)
    progress.stage("checking the declarations")
    findings += checks.run(loaded, today)
    if loaded.adopted:
        from ringfence.verify import adopted

        findings += adopted.findings(loaded)
    return Judgement(tuple(findings), _counts(loaded), loaded.files - known)


def _counts(model: Model) -> dict[str, int]:
    return {
        "file": model.files,
        "team": len(model.teams),
        "namespace": len(model.namespaces),
        "workload": len(model.workloads),
        "flow": len(model.flows),
        "baseline grant": len(model.grants),
        "guardrail": len(model.guardrails),
        "waiver": len(model.waivers),
        "cluster": len(model.clusters),
        "peer": len(model.peers),
        "adopted policy": len(model.adopted),
    }


class _Judging:
    """The judgement of one working tree beside the commits before it, newest first."""

    def __init__(self, root: Path, tree: WorkingTree, today: datetime.date, store: Store, commits: list[str]) -> None:
        self._root, self._tree, self._today, self._store, self._commits = root, tree, today, store, commits
        self._again: Difference | None = None

    def judgement(self) -> Judgement:
        from ringfence import sources

        commit, known = self._known()
        difference = sources.Difference(self._tree.root, commit, ONLY, BUT)
        odd = difference.odd(self._tree)  # while Git is at work
        paths = difference.paths()
        if odd or paths is None:
            return judge(self._tree, self._today)
        if known is not None and not paths:
            return known
        key = self._key(commit, paths)
        if found := _decoded(self._store.get(KIND, [key]).get(key)):
            return found
        difference.ask_tracked()
        result = self._derived(known, difference, paths) if known else None
        if result is None:
            result = judge(self._whole(difference, paths), self._today, partial(self._ask_again, commit))
        rows = {key: result}
        if known is None and paths and (before := self._derived(result, difference, paths, back=True)):
            rows[self._key(commit)] = before
        if commit != self._commits[0] and self._differing(self._commits[0]) == frozenset():
            rows[self._key(self._commits[0])] = result
        # somebody may have written since Git was asked
        if self._again and self._again.paths() == paths and self._key(commit, paths) == key:
            self._store.put(KIND, {key: _encoded(judgement) for key, judgement in rows.items()})
        return result

    def _whole(self, difference: Difference, paths: frozenset[str]) -> Tree:
        """The working tree, of which Git has told all files, and nothing is a problem."""
        from ringfence import affected, sources

        gone = {path for path in paths if not sources.has(self._tree, path)}
        return affected.Part(self._tree, {*difference.tracked(), *paths} - gone)

    def _known(self) -> tuple[str, Judgement | None]:
        """The newest commit that was judged, and how; else HEAD."""
        keys = {self._key(commit): commit for commit in self._commits}
        rows = self._store.get(KIND, keys)
        for key, commit in keys.items():
            if found := _decoded(rows.get(key)):
                return commit, found
        return self._commits[0], None

    def _derived(
        self, known: Judgement, difference: Difference, paths: frozenset[str], *, back: bool = False
    ) -> Judgement | None:
        """The judgement of one side from that of the other, `back` that of the commit.

        None where the part of what differs does not say all, or is not much less than all.
        """
        from ringfence import affected, model
        from ringfence.model.remembered import Remembered
        from ringfence.sources import Unreadable

        if not known.counts or has_errors(known.findings):
            return None
        documents = Remembered(self._store)
        scope = self._scope(difference, paths, documents)
        if scope is None or len(scope.head.files()) > _MANY:
            return None
        parts = (scope.head, scope.base) if back else (scope.base, scope.head)
        try:
            for path in scope.head.files():
                scope.head.read(path)
        except Unreadable:
            return None
        self._ask_again(difference.commit)  # and work with what was read
        loaded = [model.load(part, scope.absent, documents, scope.within) for part in parts]
        sides = [declared for declared, _ in loaded if declared]
        if len(sides) < 2 or not affected.asks_the_same(sides[0], sides[1], scope.namespaces):
            return None
        before, after = (_checked(*found, self._today) for found in loaded)
        if not (before.counts and after.counts):
            return None
        gone, new = _beyond(before.findings, after.findings), _beyond(after.findings, before.findings)
        rest = Counter(known.findings)
        rest.subtract(gone)
        # a part knows neither all that the platform's declarations speak of nor every name to propose for another
        strange = [item for item in (*gone, *new) if not item.where.path.startswith("teams/")]
        if strange or has_errors(new) or min(rest.values(), default=0) < 0:
            return None
        counts = {name: number + after.counts[name] - before.counts[name] for name, number in known.counts.items()}
        return Judgement((*rest.elements(), *new), counts, documents.new)

    def _scope(self, difference: Difference, paths: frozenset[str], documents: Remembered) -> Scope | None:
        from ringfence import affected, sources

        tree = sources.working_tree(self._root, ONLY, BUT, once=True)
        if found := affected.inside(difference, tree):
            return found
        base = affected.base(self._root, difference.commit, difference.commit)
        return None if base.found else affected.scope(base, tree, paths, documents)

    def _ask_again(self, commit: str) -> None:
        """Ask Git again, now that all is read, since what it says then vouches for that."""
        from ringfence import sources

        if self._again is not None:
            self._again.paths()  # it is heard at least
        self._again = sources.Difference(self._tree.root, commit, ONLY, BUT)

    def _differing(self, commit: str) -> frozenset[str] | None:
        """What differs from a commit by now."""
        from ringfence import sources

        return sources.Difference(self._tree.root, commit, ONLY, BUT).paths()

    def _key(self, commit: str, paths: Iterable[str] = ()) -> str:
        from ringfence import cache
        from ringfence.sources import Unreadable

        words = [str(self._tree.root), commit, self._today.isoformat()]
        for path in sorted(paths):
            try:
                words.append(f"{path}\0{cache.digest(self._tree.read(path)).hex()}")
            except Unreadable as error:
                words.append(f"{path}\0{error.why}")
        return cache.digest("\0\0".join(words).encode("utf-8", "surrogateescape")).hex()


def _beyond(some: Iterable[Finding], others: Iterable[Finding]) -> list[Finding]:
    """What the first has and the second has not, or not as often."""
    return list((Counter(some) - Counter(others)).elements())


def _encoded(judgement: Judgement) -> bytes:
    findings = [
        [item.check.code, item.where, item.message, item.hint, item.subject, item.related]
        for item in judgement.findings
    ]
    return json.dumps([judgement.counts, findings]).encode()


def _decoded(row: bytes | None) -> Judgement | None:
    if row is None:
        return None
    counts, findings = json.loads(row)
    return Judgement(tuple(_findings(findings)), counts, 0) if counts else None


def _findings(rows: list[Any]) -> list[Finding]:
    if not rows:
        return []
    from ringfence.commands.catalogue import all_checks

    checks: dict[str, Check] = {check.code: check for check in all_checks()}
    return [
        Finding(
            checks[code],
            Location(*where),
            message,
            hint,
            subject,
            tuple((Location(*place), text) for place, text in related),
        )
        for code, where, message, hint, subject, related in rows
    ]
