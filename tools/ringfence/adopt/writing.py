"""The files of proposals: flows in the directory of their team, entries in the catalogue, the evidence in comments.

Only new files are written, so that nothing that somebody wrote is touched.
"""

from __future__ import annotations

import datetime
import json
from collections import defaultdict
from collections.abc import Collection, Sequence

from msgspec import Struct

from ringfence.adopt.entries import Entry
from ringfence.adopt.proposals import Proposal, Proposals
from ringfence.documents import style
from ringfence.model.types import Model
from ringfence.observe.types import Observations
from ringfence.observe.usage import Usage

SCHEMAS = "schemas/v1alpha1"
EVIDENCE = 6
"""How many lines of evidence a flow has at most."""


class Source(Struct, frozen=True):
    """Where proposals come from: the cluster, the logs by their names, and what was read. `ticket` may be empty."""

    cluster: str
    logs: tuple[str, ...]
    observed: Observations
    ticket: str = ""


def files(proposals: Proposals, model: Model, source: Source, present: Collection[str]) -> dict[str, bytes]:
    """The new files by path; `present` are the paths that exist."""
    by_namespace: dict[str, list[Proposal]] = defaultdict(list)
    for flow in proposals.flows:
        by_namespace[flow.namespace].append(flow)
    found: dict[str, bytes] = {}
    for namespace, flows in sorted(by_namespace.items()):
        folder = model.namespaces[namespace].where.path.rpartition("/")[0]
        lines = [line for flow in flows for line in _flow(flow, source)]
        path = _free(f"{folder}/learnt-{source.cluster}", present)
        found[path] = _document("Flows", "flows", lines, path, source, present)
    if proposals.entries:
        path = _free(f"policies/catalog/learnt-{source.cluster}", present)
        lines = [line for entry in proposals.entries for line in _entry(entry, source)]
        found[path] = _document("Catalog", "peers", lines, path, source, present)
    return found


def _document(kind: str, key: str, lines: Sequence[str], path: str, source: Source, present: Collection[str]) -> bytes:
    schema = f"{SCHEMAS}/{kind.lower()}.schema.json"
    editor = [f"# yaml-language-server: $schema={'../' * path.count('/')}{schema}"] if schema in present else []
    observed = source.observed
    logs = [*source.logs[:5], *([f"and {len(source.logs) - 5} more"] if len(source.logs) > 5 else [])]
    window = f"{moment(observed.first)} to {moment(observed.last)} UTC"
    head = [
        *editor,
        f"# Proposed by `ringfence learn` from what the flow logs of {source.cluster} show, {window}:",
        f"# {_plain(', '.join(logs))} ({observed.records:,} records).",
        "# Read each one, say what it is for, and move it to where it belongs; delete what should not be.",
        "apiVersion: ringfence.dev/v1alpha1",
        f"kind: {kind}",
        f"{key}:",
    ]
    return style.format("\n".join([*head, *lines, ""]).encode())


def _flow(flow: Proposal, source: Source) -> list[str]:
    evidence = list(flow.evidence)
    several = len(flow.sources) > 1
    comments = [
        f"{who if several else ''}{' on ' if several else 'Port '}{port}: {used(usage)}"
        for who, port, usage in evidence[:EVIDENCE]
    ]
    if len(evidence) > EVIDENCE:
        comments.append(f"and {len(evidence) - EVIDENCE} more, {used(flow.usage)} together")
    if flow.unnamed:
        comments.append(f"{flow.called} declares no port {', '.join(flow.unnamed)}.")
    lines = [
        *(f"  # {comment}" for comment in comments),
        f"  - name: {flow.name}",
        f"    from: {flow.sources[0] if not several else '[' + ', '.join(flow.sources) + ']'}",
        f"    to: {flow.destination}",
        f"    ports: [{', '.join(_port(text) for text in flow.ports)}]",
        f"    reason: Seen in the flow logs of {source.cluster}; say what it is for",
    ]
    if flow.environments:
        lines.append(f"    environments: [{', '.join(flow.environments)}]")
    if source.ticket:
        lines.append(f"    ticket: {json.dumps(source.ticket, ensure_ascii=False)}")
    return lines


def _entry(entry: Entry, source: Source) -> list[str]:
    lines = [f"  # Called: {used(entry.usage)}."]
    if entry.also:
        lines.append(f"  # The same addresses were also called {_plain(', '.join(entry.also[:EVIDENCE]))}.")
    if entry.addresses:
        lines.append(
            "  # Some cluster cannot say names, so the addresses that were seen stand here: there may be more."
        )
    lines += [
        f"  {entry.name}:",
        f"    description: Seen in the flow logs of {source.cluster}; say what it is",
        f"    owner: {entry.owner}",
        *(["    world: false"] if entry.is_private else []),
        f'    names: ["{entry.dns}"]',
    ]
    if entry.addresses:
        lines += ["    cidrs:", *(f'      - "{item}"' for item in entry.addresses)]
    return lines


def used(usage: Usage) -> str:
    """`12 times, 2026-11-01 10:00 to 2026-11-02 11:00`, with one moment where it is one."""
    times = f"{usage.count:,} {'time' if usage.count == 1 else 'times'}"
    first, last = moment(usage.first), moment(usage.last)
    return f"{times}, {first}" if first == last else f"{times}, {first} to {last}"


def moment(time: datetime.datetime | None) -> str:
    """A time in UTC, to the minute; `never` for none."""
    return time.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M") if time else "never"


def _port(text: str) -> str:
    """A port as a flow has it: TCP goes without saying."""
    return text.removesuffix("/TCP") if text[0].isdigit() else text


def _plain(text: str) -> str:
    """What a log or a command line says, fit for a comment."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)[:500]


def _free(stem: str, present: Collection[str]) -> str:
    """A path that does not exist."""
    path, number = f"{stem}.yaml", 1
    while path in present:
        number += 1
        path = f"{stem}-{number}.yaml"
    return path
