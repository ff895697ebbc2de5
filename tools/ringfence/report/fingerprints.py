"""Identities of findings for platforms that compare two runs: the same for the same problem, and never shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ringfence.findings import Finding


def unique(items: Sequence[Finding]) -> list[str]:
    """One for each finding, in their order. Lines do not count, so it survives shifts of them.

    Of findings alike in everything but the line, the second and later ones are numbered.
    """
    seen: Counter[str] = Counter()
    result = []
    for item in items:
        own = item.fingerprint
        seen[own] += 1
        number = seen[own]
        if number > 1:
            import hashlib

            own = hashlib.sha256(f"{own} {number}".encode()).hexdigest()[:32]
        result.append(own)
    return result
