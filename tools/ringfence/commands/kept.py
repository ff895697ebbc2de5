"""What `impact` said of a change before: the same question is answered from the cache, in whatever format.

A question is both sides, the day and the options. The base is a commit; the head is one too, or what is on disk: then
Git says what differs from the base, and what else was read for the answer must have the same bytes. Only answers that
the scope of a change gave are kept: what they rest on is known.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from ringfence.commands import outputs, shared
from ringfence.commands.judged import BUT, ONLY
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, UsageError
from ringfence.findings import has_errors

if TYPE_CHECKING:
    from ringfence.cache import Store
    from ringfence.impact import Report
    from ringfence.sources import WorkingTree

KIND = "impact"
"""The kind of the cache's values: an answer as JSON."""
BRANCH = "default branch"
"""The kind of the name that settings have for the default branch, by their bytes."""

_ELSEWHERE = ("directory", "format", "output", "no_cache")
"""Options that say where an answer goes, not what it is."""

COLOURED = "text+colour"
FEW = 500
"""Changes of which all formats are made at once, to be kept."""
LARGE = 1 << 22
"""Characters of an answer that is not kept."""


class Answer(NamedTuple):
    """The exit code and the text of each format. `paths` are the files on disk that it rests on, of this `digest`."""

    code: int
    texts: dict[str, str]
    paths: list[str]
    digest: str


class Compared(NamedTuple):
    """Two sides: the ids of their commits, or for a head on disk "" and the paths of the files that differ."""

    base: str
    head: str
    paths: frozenset[str] = frozenset()


class Rest(NamedTuple):
    """What an answer rests on: both sides, and of a head on disk the tree that was read and the files of it."""

    sides: Compared
    tree: WorkingTree | None
    files: list[str]


class Question:
    """One question on two sides, and where its answer is kept."""

    def __init__(self, store: Store, key: str, sides: Compared, tree: WorkingTree | None) -> None:
        self._store, self._key, self._sides, self._tree = store, key, sides, tree

    def answer(self) -> Answer | None:
        """The answer from before, if there is one and what it rests on is the same."""
        row = self._store.get(KIND, [self._key]).get(self._key)
        if row is None:
            return None
        answer = Answer(*json.loads(row))
        return answer if _digest(self._tree, answer.paths) == answer.digest else None

    def keep(self, code: int, texts: dict[str, str], rest: Rest) -> None:
        """Keep an answer with the files that it rests on as they were read; nothing, if it is of other sides."""
        if rest.sides == self._sides and sum(map(len, texts.values())) < LARGE:
            paths = sorted({*rest.files, *rest.sides.paths})
            value = Answer(code, texts, paths, _digest(rest.tree, paths))
            self._store.put(KIND, {self._key: json.dumps(value).encode()})


def question(args: argparse.Namespace, root: Path, say: Callable[[str], str]) -> Question | None:
    """The question that a command line asks, or None where its answer is not kept; `say` writes it out for a base."""
    from ringfence import cache

    if args.whole or args.observed or args.merge or args.part or (args.base is None and args.head is not None):
        return None
    store = cache.store()
    try:
        return None if store.why else _question(args, root, say, store)
    except UsageError:
        return None  # whoever looks for the answer says why there is none


def _question(args: argparse.Namespace, root: Path, say: Callable[[str], str], store: Store) -> Question | None:
    from ringfence import sources

    tree = None if args.head is not None else sources.working_tree(root, ONLY, BUT)
    revision = args.base if tree is None else _base(args, root, tree, store)
    if revision is None:
        return None
    base = revision if args.base is None and tree else sources.commit_id(root, revision)  # the default is an id
    options = {name: str(value) for name, value in vars(args).items() if name not in _ELSEWHERE}
    words: list[Any] = [str(root), base, say(revision), sorted(options.items()), str(args.at or shared.today())]
    if tree is None:
        sides = Compared(base, sources.commit_id(root, args.head))
        words.append(sides.head)
    else:
        difference = sources.Difference(tree.root, base, ONLY)
        odd = sources.problems(tree, ONLY, BUT)  # while Git is at work
        paths = difference.paths()
        if odd or paths is None:
            return None
        sides = Compared(base, "", paths)
        words += [sorted(paths), _digest(tree, sorted(paths))]
    return Question(store, hashlib.sha256(json.dumps(words).encode()).hexdigest(), sides, tree)


def say(
    args: argparse.Namespace, result: Report, out: TextIO, asked: Question | None = None, rest: Rest | None = None
) -> int:
    """Write and print a report; the exit code that it means. `asked` keeps it, if it is known what it rests on."""
    from functools import lru_cache

    from ringfence.report import IMPACT_FORMATS, impact

    code = EXIT_FINDINGS if has_errors(result.findings) else EXIT_CLEAN

    @lru_cache
    def text(format_: str) -> str:
        name, _, colour = format_.partition("+")
        return impact.render(result, name, bool(colour))

    _write(args, text, out)
    if asked and rest and len(result.changes) <= FEW:
        asked.keep(code, {format_: text(format_) for format_ in (*IMPACT_FORMATS, COLOURED)}, rest)
    return code


def say_again(args: argparse.Namespace, answer: Answer, out: TextIO) -> int:
    """The same with an answer from before."""
    _write(args, answer.texts.__getitem__, out)
    return answer.code


def _write(args: argparse.Namespace, text: Callable[[str], str], out: TextIO) -> None:
    """Write and print the text of each format that is asked for."""
    from ringfence import report

    outputs.write(args.output, text)
    out.write(text(COLOURED if args.format == "text" and report.wants_colour(out) else args.format))


def _base(args: argparse.Namespace, root: Path, tree: WorkingTree, store: Store) -> str | None:
    """The base that is named, or else where this branch left the default branch, if its name can be read."""
    from ringfence import sources

    if args.base is not None:
        return str(args.base)
    try:
        branch = _default_branch(tree.read(sources.MARK), store)
    except sources.Unreadable:
        return None
    return sources.default_base(root, branch) if branch is not None else None


def _default_branch(raw: bytes, store: Store) -> str | None:
    """What settings with these bytes have for the default branch; None where they are in error there."""
    key = hashlib.sha256(raw).hexdigest()
    row = store.get(BRANCH, [key]).get(key)
    if row is not None:
        return row.decode()
    from ringfence import documents, sources

    document, _ = documents.read(sources.MARK, raw)
    settings = document.data if document else None
    repository = settings.get("repository") if isinstance(settings, dict) else None
    branch = repository.get("defaultBranch", "main") if isinstance(repository, dict) else None
    if not isinstance(branch, str):
        return None
    store.put(BRANCH, {key: branch.encode()})
    return branch


def _digest(tree: WorkingTree | None, paths: Iterable[str]) -> str:
    """What tells the contents of some files from any other contents; of a commit that is its id, and nothing here."""
    from ringfence.sources import Unreadable

    if tree is None:
        return ""
    state = hashlib.sha256()
    for path in paths:
        try:
            content = hashlib.sha256(tree.read(path)).hexdigest()
        except Unreadable as error:
            content = error.why
        state.update(f"{path}\0{content}\0".encode("utf-8", "surrogateescape"))
    return state.hexdigest()
