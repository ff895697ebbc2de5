"""The proof: what the declarations say against what the rendered manifests do. Knows both; owns neither.

`states` reads the rendered tree and computes its connectivity; `compare` holds it against the declarations.
"""

from ringfence.verify import assertionpages
from ringfence.verify.compare import compare, differences, pairs
from ringfence.verify.declared import Declared, Statement, declared, groups
from ringfence.verify.guard import violations
from ringfence.verify.pages import CHECKS as OF_REPOSITORIES
from ringfence.verify.state import State, States, states

CHECKS = (*OF_REPOSITORIES, *assertionpages.CHECKS)

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
