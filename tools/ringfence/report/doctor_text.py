"""What `doctor` found, as text and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ringfence.checks.capabilities import Refusal
from ringfence.findings import Check, Finding
from ringfence.model.types import Cluster, Fact, Model
from ringfence.report import json
from ringfence.report.text import one_line, paint, plural, table

FACTS = {
    "dialects": "ENFORCES",
    "adminKinds": "ADMIN",
    "names": "NAMES",
    "audit": "AUDIT",
    "ipBlocksMatchPods": "BLOCKS=PODS",
    "endPort": "RANGES",
    "sctp": "SCTP",
    "ipv6": "IPV6",
    "portsPerPeer": "PORTS/PEER",
}
"""The facts of the matrix, in its order, with the titles of their columns."""

SHORT = {"AdminNetworkPolicy": "ANP", "BaselineAdminNetworkPolicy": "BANP", "ClusterNetworkPolicy": "CNP"}

Refused = Mapping[str, Sequence[tuple[Check, Refusal]]]
Programs = Sequence[tuple[str, str, str]]
"""Name, version (empty for not there), and purpose."""


def render(
    model: Model, refused: Refused, programs: Programs, settings: Mapping[str, Any], sources: bool, colour: bool
) -> str:
    """The matrix, what is refused, the programs and the settings; with `sources`, where each fact was read."""
    clusters = model.clusters.values()
    rows = [
        [
            cluster.name,
            cluster.cni.id,
            cluster.dialect,
            *(shown(name, cluster.cni.facts.get(name)) for name in FACTS),
            str(len(refused[cluster.name])),
        ]
        for cluster in clusters
    ]
    parts = [table(["CLUSTER", "PLUGIN", "DIALECT", *FACTS.values(), "REFUSED"], rows)]
    parts += [_refusals(cluster, refused[cluster.name], colour) for cluster in clusters if refused[cluster.name]]
    if sources:
        parts += _sources(model)
    parts.append(
        table(["PROGRAM", "VERSION", "FOR"], [[name, said or "not found", use] for name, said, use in programs])
    )
    parts.append(table(["SETTING", "VALUE"], [[name, _plain(value)] for name, value in settings.items()]))
    return "\n".join(parts)


def shown(name: str, fact: Fact | None) -> str:
    """The value of a fact in a cell: yes, no, ? for not known, and - for none or no limit."""
    value = fact.value if fact else None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(SHORT.get(item, item) for item in value) or "-"
    if value is None:
        return "-" if name == "portsPerPeer" else "?"
    return str(value)


def _refusals(cluster: Cluster, items: Sequence[tuple[Check, Refusal]], colour: bool) -> str:
    lines = [f"{paint(cluster.name, '1', colour)} cannot enforce {plural(len(items), 'need')} (ringfence validate):"]
    lines += [
        f"  {one_line(str(item.where))}: {check.code} {item.subject} needs {one_line(item.what)}"
        for check, item in items[:10]
    ]
    if len(items) > 10:
        lines.append(f"  and {len(items) - 10} more")
    return "\n".join(lines) + "\n"


def _sources(model: Model) -> list[str]:
    """Each plugin once: its facts with their sources and notes."""
    parts = []
    known = {(cluster.cni.id, tuple(cluster.cni.facts.items())): cluster.cni for cluster in model.clusters.values()}
    for cni in known.values():
        lines = [f"{cni.id}: {cni.title}"]
        for name, fact in cni.facts.items():
            note = f" ({fact.note})" if fact.note else ""
            lines.append(f"  {name}: {shown(name, fact)}{note}\n    {fact.source}")
        lines += [f"  {text}\n    {source}" for text, source in cni.notes]
        parts.append("\n".join(lines) + "\n")
    return parts


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or "-"


def as_json(
    model: Model, refused: Refused, programs: Programs, settings: Mapping[str, Any], findings: Sequence[Finding]
) -> dict[str, Any]:
    """The same as one object; a fact that is not known has the value null."""
    return {
        "clusters": [
            {
                "name": cluster.name,
                "dialect": cluster.dialect,
                "plugin": {"name": cluster.cni.name, "version": cluster.cni.version, "title": cluster.cni.title},
                "facts": {
                    name: {
                        "value": list(fact.value) if isinstance(fact.value, tuple) else fact.value,
                        "source": fact.source,
                        "note": fact.note,
                    }
                    for name, fact in cluster.cni.facts.items()
                },
                "notes": [{"text": text, "source": source} for text, source in cluster.cni.notes],
                "refused": [
                    {"check": check.code, "subject": item.subject, "needs": item.what, **json.location(item.where)}
                    for check, item in refused[cluster.name]
                ],
            }
            for cluster in model.clusters.values()
        ],
        "programs": [{"name": name, "version": said, "for": use} for name, said, use in programs],
        "settings": dict(settings),
        "findings": [json.finding(item) for item in findings],
    }
