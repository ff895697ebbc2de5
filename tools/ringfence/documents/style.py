"""The one style of declarations: `format` gives it to a file and keeps comments and meaning.

Two spaces for each level, lists indented below their key, LF, a final newline, no blanks at line ends, one space around
what is inside a line. A list or mapping in brackets that is longer than a line becomes one item a line.
"""

from __future__ import annotations

import io
import re
from typing import Any

from ringfence.documents import read
from ringfence.documents.codes import NOT_IN_STYLE
from ringfence.errors import RingfenceError

__all__ = ["NOT_IN_STYLE", "UnformattableError", "format"]

WIDTH = 100
"""The longest list or mapping in brackets, in characters."""

_PASSES = 4
_MOVE = "put each comment on a line of its own, outside brackets and before what it is about"


class UnformattableError(RingfenceError):
    """The file cannot be brought into style without a loss; `hint` says how to mend it by hand."""


def format(raw: bytes) -> bytes:  # noqa: A001 - the name of the command
    """The same declaration in style; formatting the result again changes nothing.

    Raises `UnformattableError` for bytes that `documents.read` refuses, and where a comment or a value would be lost.
    """
    data = _data(raw)
    text = raw.decode().replace("\r\n", "\n")
    before = text
    for _ in range(_PASSES):
        after = _once(before)
        if after == before:
            break
        before = after
    else:
        raise UnformattableError("the style of this file does not settle", "simplify its comments and blank lines")
    if _data(after.encode()) != data:
        raise UnformattableError("the values of this file would change", "write long texts on one line, in quotes")
    return after.encode()


def _data(raw: bytes) -> str:
    """The data of a declaration in a form that tells types and the order of keys apart."""
    document, findings = read("", raw)
    if document is None:
        problem = findings[0]
        raise UnformattableError(f"line {problem.where.line}: {problem.message}", problem.hint)
    return repr(document.data)


def _once(text: str) -> str:
    from ruamel.yaml.error import YAMLError

    yaml = _round_trip()
    stream = io.StringIO()
    try:
        data = yaml.load(text)
        _open_long(data)
        yaml.dump(data, stream)
    except (YAMLError, AssertionError, AttributeError, LookupError, TypeError, ValueError) as error:
        # The text is valid, so this is a limit of ruamel's round trip, whatever it raises.
        raise UnformattableError(f"this file cannot be rewritten: {error}", "write it in a simpler way") from error
    after = stream.getvalue()
    if read("", after.encode())[0] is None:
        raise UnformattableError("this file cannot be rewritten", _MOVE)
    return _tidy(text, after)


def _round_trip() -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.nodes import ScalarNode
    from ruamel.yaml.resolver import VersionedResolver

    class Verbatim(VersionedResolver):  # type: ignore[misc, unused-ignore]
        """Takes every unquoted scalar for text, so that none is written in another way."""

        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
            if kind is ScalarNode and implicit[0]:
                return self.yaml_tag("str" if value else "null")
            return super().resolve(kind, value, implicit)

        @staticmethod
        def yaml_tag(name: str) -> Any:
            from ruamel.yaml.tag import Tag

            return Tag(suffix=f"tag:yaml.org,2002:{name}")

    yaml = YAML()
    yaml.Resolver = Verbatim
    yaml.preserve_quotes = True
    yaml.width = 1 << 30
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _open_long(node: Any) -> None:
    """Give up the brackets of lists and mappings that are longer than a line."""
    if not isinstance(node, list | dict):
        return
    if node and node.fa.flow_style() and _length(node) > WIDTH:  # type: ignore[union-attr]
        node.fa.set_block_style()  # type: ignore[union-attr]
    for part in node.values() if isinstance(node, dict) else node:
        _open_long(part)


def _length(node: Any) -> int:
    if isinstance(node, dict):
        return sum(len(str(key)) + _length(part) + 4 for key, part in node.items())
    if isinstance(node, list):
        return sum(_length(part) + 2 for part in node)
    return len(str(node))


def _tidy(source: str, text: str) -> str:
    """Put each comment where it belongs, and drop blank lines at both ends."""
    from ringfence.documents.comments import comments, continued

    text = text.removeprefix("---\n")
    written = source.split("\n")
    wanted = comments(source)
    found = comments(text)
    for number, comment in enumerate(wanted):
        if number >= len(found) or found[number].text != comment.text:
            raise UnformattableError(f"the comment in line {comment.line + 1} would be lost or moved", _MOVE)
    if len(found) > len(wanted):
        raise UnformattableError("a comment of this file would appear twice", _MOVE)
    ends = [_ends_what_is_above(written, comment.line, comment.column) for comment in wanted]
    lines = text.split("\n")
    passed = continued(text) | {comment.line for comment in found if comment.alone}
    for comment, above in zip(found, ends, strict=True):
        if comment.alone:
            lines[comment.line] = " " * _indent(lines, comment.line, passed, above=above) + comment.text
        else:
            lines[comment.line] = f"{lines[comment.line][: comment.column].rstrip()}  {comment.text}"
    return "\n".join(lines).strip("\n") + "\n"


def _ends_what_is_above(lines: list[str], line: int, column: int) -> bool:
    """Whether a comment stands deeper than the content that follows, or nothing follows."""
    following = next((other for other in lines[line + 1 :] if other.strip() and not other.lstrip().startswith("#")), "")
    return not following or column > len(following) - len(following.lstrip())


def _indent(lines: list[str], line: int, passed: set[int], *, above: bool) -> int:
    """The indentation of a comment that stands alone: that of the nearest content below or above it."""
    for other in range(line - 1, -1, -1) if above else range(line + 1, len(lines)):
        if other not in passed and (content := lines[other].lstrip(" ")):
            dashes = re.match(r"(?:- )*", content) if above else None
            return len(lines[other]) - len(content) + (len(dashes[0]) if dashes else 0)
    return 0
