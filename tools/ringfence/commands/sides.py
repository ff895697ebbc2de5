"""What is wrong with the sides that `impact` compares, beside their declarations: stale files, a base in error."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringfence.findings import Finding, Location, Severity, has_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ringfence.commands.shared import Loaded
    from ringfence.model.types import Model


def stale(head: Loaded, model: Model) -> list[Finding]:
    """One finding when the head's rendered files are not what its declarations say."""
    from ringfence.commands.render import expected_tree

    files = {path: head.tree.read(path) for path in head.tree.files("policies/rendered")}
    return unlike(files, expected_tree(head, model))


def unlike(files: Mapping[str, bytes], expected: Mapping[str, bytes]) -> list[Finding]:
    """One finding when rendered files are not what is expected."""
    from ringfence.impact import STALE
    from ringfence.report.text import plural

    wrong = sorted(path for path in files.keys() | expected.keys() if files.get(path) != expected.get(path))
    if not wrong:
        return []
    return [
        STALE.at(
            Location(wrong[0]),
            f"{plural(len(wrong), 'rendered file')} {'is' if len(wrong) == 1 else 'are'} not what the declarations "
            "say, so this is not yet their impact",
            hint="run: ringfence render",
        )
    ]


def broken(base: Loaded) -> frozenset[str]:
    """The files of the base that are in error."""
    return frozenset(item.where.path for item in base.findings if item.severity is Severity.ERROR)


def base_errors(base: Loaded) -> list[Finding]:
    """A note when the base itself was in error: what it declared there is not known."""
    from ringfence.impact import BASE_IN_ERROR

    if not has_errors(base.findings):
        return []
    return [
        BASE_IN_ERROR.at(
            Location("teams"),
            f"the declarations of the base ({base.tree.label}) are in error: what the head declares in the broken "
            "files is taken for the base too, and the flows that they held are told by the comments of the rendered "
            "policies alone",
            hint="to have every cause with its line, compare with a revision that validates: --base REV",
        )
    ]
