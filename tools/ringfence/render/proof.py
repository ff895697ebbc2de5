"""The proof of a rendered file: read again by the strict reader, it must mean what was compiled."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ringfence.findings import Location
from ringfence.render import checks
from ringfence.render.templates import TemplateError, Templates

HEADER = "# Generated, do not edit: `ringfence render` writes this file.\n"
"""What every rendered file begins with."""


def written(
    templates: Templates,
    name: str,
    path: str,
    plain: str,
    values: Callable[[], Mapping[str, Any]],
    meaning: Callable[[], Any],
) -> str:
    """What a template writes to a file, proven to mean what was compiled. Raises `TemplateError`.

    `plain` is what the packaged template writes, letter for letter: tests hold both to each other, and it is not run.
    """
    if not templates.is_own(name):
        return plain
    text = templates.run(name, values())
    if text != plain:
        must_mean(templates.suspect(name), path, text, meaning())
    return text


def must_mean(template: Location, path: str, written: str, expected: Any) -> None:
    """Give nothing back where the file's one document is the expected value, to a cluster's reader too.

    Raises `TemplateError` otherwise, with the template, the file and the first difference.
    """
    from ringfence import documents

    raw = (HEADER + written).encode()
    document, findings = documents.read(path, raw)
    findings = findings or documents.read_many(path, raw)[1]  # a cluster takes `yes` for a boolean
    if document is None or findings:
        problem = f"cannot be read back: {findings[0].where.line}:{findings[0].where.column}: {findings[0].message}"
    elif found := difference(expected, document.data):
        problem = f"means something else than was compiled: {found}"
    else:
        return
    message = f"what the template wrote for {path} {problem}"
    hint = "a template decides the looks of a file, never its meaning; docs/templates.md says what each one must write"
    raise TemplateError(checks.TEMPLATE_MEANING.at(template, message, hint=hint))


def difference(expected: Any, actual: Any, route: str = "") -> str:
    """The first difference of two plain values in words, with its place; empty where they are equal, types included."""
    if type(expected) is not type(actual):
        return _words(route, expected, actual)
    if isinstance(expected, dict):
        for key, value in expected.items():
            if key not in actual:
                return f"{_name(route, key)} is missing"
            if found := difference(value, actual[key], _name(route, key)):
                return found
        return next((f"{_name(route, key)} was not compiled" for key in actual if key not in expected), "")
    if isinstance(expected, list):
        for index, (one, other) in enumerate(zip(expected, actual, strict=False)):
            if found := difference(one, other, f"{route}[{index}]"):
                return found
        if len(expected) != len(actual):
            return f"{route or 'the document'} has {len(actual)} items, compiled were {len(expected)}"
        return ""
    return "" if expected == actual else _words(route, expected, actual)


def _name(route: str, key: object) -> str:
    return f"{route}.{key}" if route else str(key)


def _words(route: str, expected: Any, actual: Any) -> str:
    return f"{route or 'the document'} is {_short(actual)}, compiled was {_short(expected)}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:79]}…"
