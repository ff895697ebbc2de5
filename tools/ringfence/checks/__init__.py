"""The rules on a model: one module a check, whose docstring is its page; and the waivers. It knows no output format."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ringfence.findings import Check, Finding, in_order

if TYPE_CHECKING:
    from ringfence.checks.waiving import Raised
    from ringfence.model.types import Model

    ALL: tuple[Check, ...]
    OWN: tuple[Check, ...]


def run(model: Model, today: datetime.date, *, only_errors: bool = False) -> list[Finding]:
    """What is wrong with a model on a day, in report order, without what a waiver in force excuses.

    A waiver that is expired, unused or for a check that cannot be waived is a finding itself. `today` judges
    `expires` only. `only_errors`: what is no error is not looked for.
    """
    from ringfence.checks import waiver_of_unknown_check, waiving

    left, idle = waiving.apply(model, today, _raised(model, today, only_errors), waiver_of_unknown_check.WAIVABLE)
    if only_errors:
        return in_order(left)
    from ringfence.checks import waiver_unused

    unknown = {finding.where for finding in left if finding.check is waiver_of_unknown_check.CHECK}
    left += waiver_unused.find(model, today, [waiver for waiver in idle if waiver.where not in unknown])
    return in_order(left)


def page(word: str, among: Iterable[Check] | None = None) -> Check | None:
    """The check of a code or a name, in any letter case; among those of the tool, or of `among`."""
    wanted = word.strip().casefold()
    known = _all() if among is None else among
    return next((check for check in known if wanted in (check.code.casefold(), check.name)), None)


def _raised(model: Model, today: datetime.date, only_errors: bool) -> Iterator[Raised]:
    from ringfence.checks import errors, guardrail_broken, guardrail_unmet
    from ringfence.checks.sides import Ends
    from ringfence.checks.waiving import Raised

    modules = errors.MODULES
    if not only_errors:
        from ringfence.checks import registry

        modules = registry.MODULES
    for module in modules:
        for finding in module.find(model, today):
            yield Raised.plain(finding)
    ends = Ends(model)
    yield from guardrail_broken.find(model, ends)
    yield from guardrail_unmet.find(model, ends)


def _all() -> tuple[Check, ...]:
    from ringfence import documents, model, schema, sources
    from ringfence.checks import registry

    known = (*documents.CHECKS, *schema.CHECKS, *sources.CHECKS, *model.CHECKS, *registry.CHECKS)
    return tuple(sorted(known, key=lambda check: check.code))


def __getattr__(name: str) -> object:
    # the pages are long, and whoever only runs one stage must not pay for them
    if name == "ALL":
        return _all()
    if name == "OWN":
        from ringfence.checks import registry

        return registry.CHECKS
    raise AttributeError(name)
