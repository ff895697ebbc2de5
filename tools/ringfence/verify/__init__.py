"""The proof: what the declarations say against what the rendered manifests do. Knows both; owns neither.

`states` reads the rendered tree and computes its connectivity; `compare` holds it against the declarations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ringfence.verify.declared import Declared, Statement, declared, groups
from ringfence.verify.guard import violations
from ringfence.verify.state import State, States, states

if TYPE_CHECKING:
    from ringfence.findings import Check
    from ringfence.verify.comparing import compare, differences, pairs

    CHECKS: tuple[Check, ...]

__all__ = [
    "CHECKS",
    "Declared",
    "State",
    "Statement",
    "States",
    "compare",
    "declared",
    "differences",
    "groups",
    "pairs",
    "states",
    "violations",
]


def __getattr__(name: str) -> object:
    # a question of what changed compares two trees with each other, and neither with its declarations
    if name in ("compare", "differences", "pairs"):
        from ringfence.verify import comparing

        return getattr(comparing, name)
    if name == "CHECKS":
        from ringfence.verify import assertionpages, pages

        return (*pages.CHECKS, *assertionpages.CHECKS)
    raise AttributeError(name)
