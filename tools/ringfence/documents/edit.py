"""Edits of declarations: a value is set, added or taken away, and every other byte of the file stays as it is.

The text is cut at the places that the parser gives, so comments, quotes and blank lines are kept. What comes out is
read again and must be the old data with exactly that change; else the edit is refused.
"""

from __future__ import annotations

import copy
from typing import Any

from ringfence.documents import read
from ringfence.documents.document import Route
from ringfence.documents.splice import Splice
from ringfence.errors import RingfenceError

__all__ = ["EditError", "append", "remove", "set_value"]


class EditError(RingfenceError):
    """The edit cannot be made without a loss; `hint` says how to do it by hand."""


def set_value(raw: bytes, path: Route, value: Any) -> bytes:
    """The file with a value at a route of keys and list indexes; keys that are missing on the way are added.

    `value` is plain data: text, integers, booleans, lists and mappings. A new key goes to the end of its mapping.
    Raises `EditError`.
    """
    if not path:
        raise EditError("the document as a whole is not set", "name a key")
    expected = copy.deepcopy(_data(raw))
    _set(expected, path, copy.deepcopy(value))
    return _checked(raw, expected, path, lambda splice: splice.set(path, value))


def append(raw: bytes, path: Route, value: Any) -> bytes:
    """The file with a value at the end of the list at a route; a list that is missing is added. Raises `EditError`."""
    data = _data(raw)
    found = _get(data, path)
    if found is None or found == []:
        return set_value(raw, path, [value])
    if not isinstance(found, list):
        raise EditError(f"{_words(path)} is no list", "append takes the route of a list")
    expected = copy.deepcopy(data)
    _get(expected, path).append(value)
    return _checked(raw, expected, path, lambda splice: splice.append(path, value))


def remove(raw: bytes, path: Route) -> bytes:
    """The file without the key or item at a route, and without the comment lines directly above it.

    The last one of a list or mapping leaves `[]` or `{}` behind. Raises `EditError`, also where there is nothing.
    """
    expected = copy.deepcopy(_data(raw))
    parent = _get(expected, path[:-1])
    try:
        del parent[path[-1]]
    except (LookupError, TypeError):
        raise EditError(f"there is no {_words(path)}", "name what the file holds") from None
    return _checked(raw, expected, path, lambda splice: splice.remove(path))


def _data(raw: bytes) -> Any:
    document, findings = read("", raw)
    if document is None:
        problem = findings[0]
        raise EditError(f"line {problem.where.line}: {problem.message}", problem.hint)
    return document.data


def _checked(raw: bytes, expected: Any, path: Route, edit: Any) -> bytes:
    try:
        after: bytes = edit(Splice(raw.decode())).encode()
    except ValueError as error:
        raise EditError(f"cannot edit {_words(path)}: {error}", "edit the file by hand") from error
    document, _ = read("", after)
    if document is None or repr(document.data) != repr(expected):
        raise EditError(f"{_words(path)} cannot be edited in this layout", "run `ringfence fmt`, or edit it by hand")
    return after


def _get(data: Any, path: Route) -> Any:
    for step in path:
        try:
            data = data[step]
        except (LookupError, TypeError):
            return None
    return data


def _set(data: Any, path: Route, value: Any) -> None:
    for index, step in enumerate(path[:-1]):
        inner = _get(data, (step,))
        if inner is None or inner in ({}, []):
            _put(data, step, inner := {}, path[: index + 1])
        data = inner
    _put(data, path[-1], value, path)


def _put(data: Any, step: str | int, value: Any, path: Route) -> None:
    if isinstance(data, dict) != isinstance(step, str) or not isinstance(data, dict | list):
        raise EditError(f"{_words(path)} cannot stand in what the file holds there", "name a key of a mapping")
    try:
        data[step] = value  # type: ignore[index]  # text for a mapping, a number for a list: see above
    except IndexError:
        raise EditError(f"there is no {_words(path)}", "append adds to a list") from None


def _words(path: Route) -> str:
    return ".".join(map(str, path)) or "the document"
