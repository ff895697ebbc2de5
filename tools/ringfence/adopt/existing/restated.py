"""Where flows stand for pods by other labels than the policies did: declared pods keep all, others may not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from ringfence.adopt.existing.flows import RuleKey
from ringfence.adopt.existing.units import Unit, combos
from ringfence.manifests import METADATA_NAME, Labels, NetworkPolicy, PodsPeer, Rule, Selector


class Restated(Struct, frozen=True):
    """What a selector was for, and the workloads that stand for it now; `rules` are those that became flows.

    What it was for is `what`, as in "pods with tier=back of shop". Pods that no manifest declares gain or lose where
    the labels of the workloads say something else.
    """

    what: str
    workloads: tuple[Unit, ...]
    namespaces: tuple[str, ...]
    rules: tuple[RuleKey, ...]


def of(
    converted: Iterable[tuple[RuleKey, NetworkPolicy, Rule]],
    units: Mapping[str, tuple[Unit, ...]],
    namespaces: Mapping[str, Labels],
) -> list[Restated]:
    """The selectors of rules that became flows and that workloads or namespaces by their names do not say exactly."""
    found: dict[tuple[str, tuple[Unit, ...], tuple[str, ...]], list[RuleKey]] = defaultdict(list)
    for key, policy, rule in converted:
        for one in _of_pods(policy.namespace, policy.selector, units):
            found[one].append(key)
        for peer in rule.peers:
            if not isinstance(peer, PodsPeer):
                continue
            names = [policy.namespace]
            if peer.namespaces is not None:
                selector = peer.namespaces
                names = [
                    name
                    for name, labels in namespaces.items()
                    if selector.matches({**dict(labels), METADATA_NAME: name})
                ]
                if not any(item.key == METADATA_NAME and item.operator == "In" for item in selector.requirements):
                    said = f"namespaces with {selector}" if selector.requirements else "every namespace"
                    found[said, (), tuple(names)].append(key)
            for name in names:
                for one in _of_pods(name, peer.pods, units):
                    found[one].append(key)
    return [Restated(*one, tuple(dict.fromkeys(rules))) for one, rules in sorted(found.items(), key=str)]


def _of_pods(
    namespace: str, selector: Selector, units: Mapping[str, tuple[Unit, ...]]
) -> Iterator[tuple[str, tuple[Unit, ...], tuple[str, ...]]]:
    """The selector, where it is for other pods than the workloads that it picks out."""
    here = units.get(namespace, ())
    single = combos(selector)
    parts = [selector] if single is None else list(single)
    for part in parts:
        matched = tuple(unit for unit in here if any(part.matches(dict(item.labels)) for item in unit.members))
        exact = single is not None and len(matched) == 1 and Selector.of(dict(matched[0].labels)) == part
        if matched and not exact:
            said = f"pods with {part}" if part.requirements else "every pod"
            yield f"{said} of {namespace}", matched, ()
