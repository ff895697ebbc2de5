"""Text → data with positions: a loop over the events of PyYAML's parser, by libyaml where it is there.

PyYAML's own composer and constructor are not used: they keep duplicate keys silently, follow YAML 1.1 and crash the
interpreter on deep nesting. Knows nothing of what a document says.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import intern
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from ringfence.documents import scalars, syntax
from ringfence.documents.aliases import Aliases
from ringfence.documents.document import Document, Lines
from ringfence.documents.problems import MAX_DEPTH, Problems, Stop
from ringfence.documents.scalars import Refused
from ringfence.documents.text import unseen
from ringfence.findings import Finding

PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Placeholder:
    """Stands for a key that is an error, so that the places of a mapping stay in step with its keys."""

    def __repr__(self) -> str:
        return "(a key in error)"


def build(path: str, text: str, *, many: bool) -> tuple[list[Document], list[Finding]]:
    """The documents of a text and what is wrong with it; with a finding, the documents may be wrong or missing.

    Without `many` the rules are those of a declaration: one document, no alias, numbers by `scalars.declared_number`.
    Documents that hold nothing are left out.
    """
    lines = Lines(text)
    problems = Problems(path, lines)
    documents: list[Document] = []
    try:
        parser = PARSER(text)
        try:
            _build(
                path,
                parser.get_event,
                lines,
                documents,
                problems,
                many=many,
                marked=any(sign in text for sign in "&*!"),
            )
        finally:
            parser.dispose()
    except Stop:
        pass
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # Python's parser raises the last two for some escapes; libyaml does not.
        problems.found.append(syntax.finding(path, error, text))
    return documents, problems.found


def _build(  # One loop over millions of events: a call in its common path costs a tenth of the time.
    path: str,
    next_event: Callable[[], Any],
    lines: Lines,
    documents: list[Document],
    problems: Problems,
    *,
    many: bool,
    marked: bool,
) -> None:
    meant = _MEANT[many]
    meaning = meant.get
    aliases = Aliases(problems, many=many)
    places: dict[int, list[int]] = {}
    # The open container is `node`, with its `marks`; `key` waits for its value, and is None where a key comes next.
    node: Any = None
    mapping = False
    marks: list[int] = []
    key: Any = None
    anchor: str | None = None
    stack: list[tuple[Any, bool, list[int], Any, str | None]] = []
    root: Any = None
    root_place = 0
    while True:
        event = next_event()
        kind = type(event)
        if kind is ScalarEvent:
            place = event.start_mark.index
            value = event.value
            style = event.style
            if not style:
                found = meaning(value)
                if found is None:
                    found = _meaning(value, many=many)
                    if type(found) is Refused:
                        problems.scalar(found, place)
                        found = found.text
                    elif found is not None and len(value) < _LONG:
                        meant[value] = found
                value = found
            elif style == '"' and not value.isprintable():
                _check_escapes(value, place, problems, many=many)
            if marked:
                if event.tag is not None:
                    problems.tag(event.tag, place)
                if event.anchor is not None:
                    aliases.define(event.anchor, value, place)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            if anchor is not None:
                aliases.define(anchor, node, 0)
            node, mapping, marks, key, anchor = stack.pop()
            continue
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            place = event.start_mark.index
            value = {} if kind is MappingStartEvent else []
            if len(stack) >= MAX_DEPTH:
                problems.too_deep(place)
            if marked:
                if event.tag is not None:
                    problems.tag(event.tag, place)
                if event.anchor is not None:
                    aliases.start(event.anchor, place)
        elif kind is AliasEvent:
            place = event.start_mark.index
            value = aliases.value(event.anchor, place, len(stack))
        elif kind is DocumentStartEvent:
            place = event.start_mark.index
            if documents and not many:
                problems.second_document(place)
            if event.version or event.tags:
                problems.directive(place)
            node, mapping, root, places = None, False, None, {}
            aliases = Aliases(problems, many=many)
            continue
        elif kind is DocumentEndEvent:
            if root is not None or not many:
                documents.append(Document(path, root, root_place, places, lines))
            continue
        elif kind is StreamEndEvent:
            return
        else:
            continue

        if key is not None:
            node[key] = value
            key = None
        elif mapping:
            new = type(value) is str and value not in node
            key = intern(value) if new else _key(value, place, node, marks, problems, many=many)
        elif node is not None:
            node.append(value)
        else:
            root, root_place = value, place
        marks.append(place)
        if kind is not ScalarEvent and kind is not AliasEvent:
            stack.append((node, mapping, marks, key, anchor))
            node, key, anchor = value, None, event.anchor
            mapping = kind is MappingStartEvent
            places[id(value)] = marks = []


_MEANT: tuple[dict[str, Any], dict[str, Any]] = {}, {}
"""What unquoted scalars of declarations and of manifests stand for, as far as met: most are met again. Never None."""
_MANY_MEANT = 1 << 16
_LONG = 64


def _meaning(text: str, *, many: bool) -> Any:
    """What an unquoted scalar that was not met lately stands for."""
    if len(_MEANT[many]) > _MANY_MEANT:
        _MEANT[many].clear()
    return scalars.meaning(text, many=many)


def _key(value: Any, place: int, node: dict[Any, Any], marks: list[int], problems: Problems, *, many: bool) -> Any:
    """The key to use: the text itself, or a placeholder where it is an error.

    A manifest's unquoted numbers and booleans become text as in sigs.k8s.io/yaml.
    """
    if type(value) is not str:
        if not many or type(value) not in (int, bool):
            problems.key(value, place)
            return _Placeholder()
        value = str(value).lower()
    if value in node:
        problems.duplicate(value, place, marks[2 * list(node).index(value)])
        return _Placeholder()
    return intern(value)


def _check_escapes(value: str, place: int, problems: Problems, *, many: bool) -> None:
    """Refuse escapes for what a person cannot see; a manifest may have any but halves of characters."""
    for character in unseen(value):
        if not many or "\ud800" <= character <= "\udfff":
            problems.escape(character, place)
            return
