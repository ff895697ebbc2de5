"""The network plugin of a cluster: its profile, with what the cluster's file says otherwise."""

from __future__ import annotations

from collections.abc import Mapping

from ringfence.errors import UsageError
from ringfence.findings import Location
from ringfence.model.node import Node
from ringfence.model.ports import Report
from ringfence.model.problems import profiles as problems
from ringfence.model.profiles import Key, Profiles
from ringfence.model.types import Cni, Fact


def build(node: Node, profiles: Profiles, lost: bool, report: Report) -> Cni | None:
    """The plugin that `cni` in a cluster's file names. One that has no profile is reported, unless some are `lost`."""
    name, version = node.get("name"), node.get("version")
    if not name.text() or (node.has("version") and not version.text()):
        return None
    key = profiles.find(name.text(), version.text())
    if key is None:
        if not lost:
            why, hint = profiles.missing(name.text(), version.text())
            known = profiles.find(name.text(), "")
            report(problems.UNKNOWN_CNI.at((version if known else name).where, why, hint=hint))
        return None
    own = node.get("ipBlocksMatchPods")
    if not isinstance(own.value, bool):
        return of(profiles, key, name.where)
    return of(profiles, key, name.where, {"ipBlocksMatchPods": Fact(own.value, own.where.path)})


def named(text: str) -> Cni:
    """The plugin of a profile that ships with the tool, by `NAME` or `NAME@VERSION`. Raises `UsageError`."""
    name, _, version = text.partition("@")
    profiles = Profiles()
    key = profiles.find(name, version)
    if key is None:
        raise UsageError(*profiles.missing(name, version))
    return of(profiles, key)


def of(profiles: Profiles, key: Key, where: Location | None = None, better: Mapping[str, Fact] | None = None) -> Cni:
    """The plugin of a profile. `better` are the facts that a cluster knows better."""
    profile = profiles.get(key)
    facts = {**profile.facts, **(better or {})}
    limit = facts.get("portsPerPeer", Fact(None)).value
    return Cni(
        name=profile.name,
        ip_blocks_match_pods=_flag(facts, "ipBlocksMatchPods"),
        where=where or Location(""),
        version=profile.version,
        dialects=_list(facts, "dialects"),
        admin_kinds=_list(facts, "adminKinds"),
        names=_list(facts, "names"),
        audit=_list(facts, "audit"),
        end_port=_flag(facts, "endPort"),
        sctp=_flag(facts, "sctp"),
        ipv6=_flag(facts, "ipv6"),
        ports_per_peer=limit if isinstance(limit, int) and not isinstance(limit, bool) else None,
        archived=_flag(facts, "archived"),
        title=profile.title,
        facts=facts,
        notes=tuple((note.text, note.source) for note in profile.notes),
    )


def _flag(facts: Mapping[str, Fact], name: str) -> bool | None:
    value = facts[name].value if name in facts else None
    return value if isinstance(value, bool) else None


def _list(facts: Mapping[str, Fact], name: str) -> tuple[str, ...]:
    value = facts[name].value if name in facts else None
    return value if isinstance(value, tuple) else ()
