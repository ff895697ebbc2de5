"""What `impact` said of a change before: the same question is answered from the cache.

A question is both sides, the day and the options. The base is a commit; the head is one too, or what is on disk: then
Git says what differs from the base, and what else was read for the answer must have the same bytes. A file that has not
moved since it was read has. Only answers that the scope of a change gave are kept: what they rest on is known.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from ringfence import cache
from ringfence.commands import outputs, shared
from ringfence.commands.compared import Sides
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS
from ringfence.findings import has_errors

if TYPE_CHECKING:
    from ringfence.cache import Store
    from ringfence.impact import Report
    from ringfence.sources import WorkingTree

KIND = "impact"
"""The kind of the cache's values: an answer as JSON."""
LAST = "asked"
"""The kind of the cache's values: the files that differed when the same was last asked of a root, with their times."""
_ELSEWHERE = ("directory", "format", "output", "no_cache")
"""Options that say where an answer goes, not what it is."""

COLOURED = "text+colour"
LARGE = 1 << 22
"""Characters of an answer that is not kept."""


class Held(NamedTuple):
    """A file on disk: the digest of its content, and its times where they tell whether it moved."""

    path: str
    digest: str
    times: str = ""


class Answer(NamedTuple):
    """The exit code and the text of each format, and the files on disk that it rests on."""

    code: int
    texts: dict[str, str]
    rests: list[Held]


class Question:
    """One question on two sides, and where its answer is kept."""

    def __init__(self, store: Store, key: str, last: str, sides: Sides) -> None:
        self._store, self._key, self._last, self._sides = store, key, last, sides
        self._texts: dict[str, str] = {}

    def answer(self, formats: Collection[str]) -> Answer | None:
        """The answer from before in some formats, if there is one and what it rests on is the same."""
        row = self._store.get(KIND, [self._key]).get(self._key)
        if row is None:
            return None
        code, texts, rests = json.loads(row)
        tree = self._sides.tree
        if tree is None:
            return self._in(formats, Answer(code, texts, []))
        old = [Held(*item) for item in rests]
        new = [
            item if tree.is_as_it_was(item.path, bytes.fromhex(item.times)) else _held(tree, item.path) for item in old
        ]
        if any(before.digest != now.digest for before, now in zip(old, new, strict=True)):
            return None
        if new != old:  # by now the times of more files tell
            self._put(Answer(code, texts, new))
        self._note()
        return self._in(formats, Answer(code, texts, new))

    def _in(self, formats: Collection[str], answer: Answer) -> Answer | None:
        """The answer, if it was given in all of these formats."""
        self._texts = answer.texts
        return answer if answer.texts.keys() >= set(formats) else None

    def keep(self, code: int, texts: dict[str, str], files: Iterable[str]) -> None:
        """Keep an answer, beside the formats that it was given in before.

        It rests on `files`, and on those that differ, as they were read.
        """
        texts = {**self._texts, **texts}
        if sum(map(len, texts.values())) < LARGE:
            tree = self._sides.tree
            rests = [_held(tree, path) for path in sorted({*files, *self._sides.paths})] if tree else []
            self._put(Answer(code, texts, rests))
            self._note()

    def _put(self, answer: Answer) -> None:
        self._store.put(KIND, {self._key: json.dumps(answer).encode()})

    def _note(self) -> None:
        """Note what differs, for the guess of the next run (`seems_new`)."""
        if tree := self._sides.tree:
            row = json.dumps([(path, tree.stands(path).hex()) for path in sorted(self._sides.paths)]).encode()
            if self._store.get(LAST, [self._last]).get(self._last) != row:
                self._store.put(LAST, {self._last: row})


def question(
    args: argparse.Namespace, root: Path, sides: Sides, store: Store, say: Callable[[str], str]
) -> Question | None:
    """The question that a command line asks, or None where its answer is not kept; `say` writes it out for a base."""
    if store.why or args.part or args.merge or (args.base is None and args.head is not None):
        return None
    options = _options(args)
    words: list[Any] = [str(root), sides.base, say(sides.revision), options]
    words += [str(args.at or shared.today()), sides.head]
    if sides.tree:
        words += [(path, _held(sides.tree, path).digest) for path in sorted(sides.paths)]
    key = cache.digest(json.dumps(words).encode()).hex()
    return Question(store, key, json.dumps([str(root), options]), sides)


def seems_new(args: argparse.Namespace, root: Path, tree: WorkingTree, store: Store) -> bool:
    """Whether a file that differed when the same was last asked has moved since: a guess, before Git has its say."""
    key = json.dumps([str(root), _options(args)])
    row = store.get(LAST, [key]).get(key)
    return row is None or any(tree.stands(path).hex() != before for path, before in json.loads(row))


def _options(args: argparse.Namespace) -> list[tuple[str, str]]:
    """The options that matter to what is answered."""
    return sorted((name, str(value)) for name, value in vars(args).items() if name not in _ELSEWHERE)


def say(
    args: argparse.Namespace, result: Report, out: TextIO, asked: Question | None = None, files: Iterable[str] = ()
) -> int:
    """Write and print a report; the exit code that it means. `asked` keeps it, and that it rests on some files."""
    from ringfence.report import impact

    code = EXIT_FINDINGS if has_errors(result.findings) else EXIT_CLEAN
    wanted = {format_: format_.partition("+") for format_ in formats(args, out)}
    texts = {format_: impact.render(result, name, bool(colour)) for format_, (name, _, colour) in wanted.items()}
    _write(args, texts, out)
    if asked:
        asked.keep(code, texts, files)
    return code


def say_again(args: argparse.Namespace, answer: Answer, out: TextIO) -> int:
    """The same with an answer from before."""
    _write(args, answer.texts, out)
    return answer.code


def formats(args: argparse.Namespace, out: TextIO) -> list[str]:
    """The formats that a command line asks for: that of standard output, then those of files."""
    from ringfence import report

    coloured = args.format == "text" and report.wants_colour(out)
    return [COLOURED if coloured else args.format, *(format_ for format_, _ in args.output)]


def _write(args: argparse.Namespace, texts: Mapping[str, str], out: TextIO) -> None:
    """Write and print the text of each format that is asked for."""
    outputs.write(args.output, texts.__getitem__)
    out.write(texts[formats(args, out)[0]])


def _held(tree: WorkingTree, path: str) -> Held:
    """A file, as it was when it was read."""
    from ringfence.sources import Unreadable

    try:
        digest = cache.digest(tree.read(path)).hex()
    except Unreadable as error:
        return Held(path, error.why)
    return Held(path, digest, tree.times(path).hex())
