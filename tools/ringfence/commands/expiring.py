"""What goes from the declarations on a day: expired flows and waivers, and waivers of flows that go."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ringfence.findings import Location

if TYPE_CHECKING:
    from ringfence.documents import Document
    from ringfence.model.types import Model
    from ringfence.sources import Tree


@dataclass(frozen=True, slots=True)
class Gone:
    """One declaration that goes: `kind` is `flow` or `waiver`, `key` the list that holds it, `where` its place there.

    `name` is the id of a flow, or the rule and subject of a waiver. `why` says what ends it.
    """

    kind: str
    key: str
    name: str
    owner: str
    expires: datetime.date | None
    why: str
    where: Location


def gone(model: Model, day: datetime.date) -> list[Gone]:
    """What has expired on a day, in order of places. On the day of `expires` itself, a declaration still holds."""
    flows = [flow for flow in model.flows if flow.expires is not None and flow.expires < day]
    ids = {flow.id for flow in flows}
    result = [
        Gone("flow", "flows", flow.id, flow.team, flow.expires, f"expired on {flow.expires}", flow.where)
        for flow in flows
    ]
    for waiver in model.waivers:
        expired = waiver.expires < day
        if expired or waiver.subject in ids:
            why = f"expired on {waiver.expires}" if expired else "its flow goes"
            name = f"{waiver.guardrail or waiver.check} for {waiver.subject}"
            result.append(Gone("waiver", "waivers", name, waiver.approver, waiver.expires, why, waiver.where))
    return sorted(result, key=lambda item: item.where)


def without(tree: Tree, items: Iterable[Gone]) -> dict[str, bytes | None]:
    """The files without these declarations, in style, comments of the others kept; None where nothing is left of one.

    Raises `EditError` and `UnformattableError`.
    """
    from ringfence import documents
    from ringfence.documents import edit, style

    by_file: dict[str, list[Gone]] = defaultdict(list)
    for item in items:
        by_file[item.where.path].append(item)
    result: dict[str, bytes | None] = {}
    for path, found in by_file.items():
        raw = tree.read(path)
        document, _ = documents.read(path, raw)
        assert document is not None  # noqa: S101 - the model was made of it
        key = found[0].key
        indexes = sorted({_index(document, item) for item in found}, reverse=True)
        if len(indexes) == len(document.data[key]):
            result[path] = None
            continue
        for index in indexes:
            raw = edit.remove(raw, (key, index))
        result[path] = style.format(raw)
    return result


def _index(document: Document, item: Gone) -> int:
    """The index of a declaration in its list: it is the last one that does not start behind its place."""
    starts = [document.at(item.key, index) for index in range(len(document.data[item.key]))]
    return max(index for index, start in enumerate(starts) if start <= item.where)
