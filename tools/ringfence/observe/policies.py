"""What policies that are only staged would have done to a connection, as Calico's logs say."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

_DECISIVE = {"allow": "allowed", "1": "allowed", "deny": "denied", "2": "denied"}


@lru_cache(maxsize=65536)
def would_deny(policies: str | None) -> bool:
    """Whether staged policies, had they been enforced, would have denied the connection.

    `policies` is the JSON of a record's field. In files it has lists of `INDEX|TIER|NAME|ACTION|RULE` (of which newer
    versions say which are pending; in older ones a staged policy's name begins with `staged:`); in Goldmane's and
    Whisker's flows, lists of objects. The first rule that allows or denies decides.
    """
    try:
        found = json.loads(policies or "null")
    except ValueError:
        return False
    if not isinstance(found, dict):
        return False
    for name in ("pending_policies", "pendingPolicies", "pending"):
        pending = found.get(name)
        if isinstance(pending, list) and pending:
            return _decision(pending) == "denied"
    hits = found.get("all_policies")
    staged = isinstance(hits, list) and any("staged:" in str(item) for item in hits)
    return staged and _decision(hits) == "denied"


def _decision(hits: Any) -> str:
    decided = sorted((_index(item), _DECISIVE.get(_action(item), "")) for item in hits)
    return next((verdict for _, verdict in decided if verdict), "")


def _index(hit: Any) -> int:
    value = hit.partition("|")[0] if isinstance(hit, str) else _field(hit, "policy_index", "policyIndex") or 0
    try:
        return int(value)
    except (TypeError, ValueError):
        return 0


def _action(hit: Any) -> str:
    if isinstance(hit, str):
        parts = hit.split("|")
        return parts[3].lower() if len(parts) > 3 else ""
    return str(_field(hit, "action") or "").lower()


def _field(hit: Any, *names: str) -> Any:
    return next((hit[name] for name in names if name in hit), None) if isinstance(hit, dict) else None
