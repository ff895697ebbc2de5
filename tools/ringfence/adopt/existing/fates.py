"""What becomes of the rules of a policy of another dialect, before any of them is found to be plain: all are kept."""

from __future__ import annotations

from ringfence.adopt.existing import reasons
from ringfence.adopt.existing.plan import RuleFate
from ringfence.adopt.existing.rules import Kept
from ringfence.adopt.existing.source import Object


def of_other(item: Object) -> list[RuleFate]:
    """The rules of a policy of another dialect, all of them kept."""
    data = item.document.data
    specs = data.get("specs") if isinstance(data.get("specs"), list) else [data.get("spec")]
    found = []
    for spec in specs:
        for key in ("ingress", "egress", "ingressDeny", "egressDeny"):
            listed = spec.get(key) if isinstance(spec, dict) else None
            found += [
                RuleFate(
                    item.id, item.group, key, index, item.where, Kept("dialect", reasons.why(item, spec, key, rule))
                )
                for index, rule in enumerate(listed if isinstance(listed, list) else ())
            ]
    return found
