"""Documents of flows and of namespaces as rows: what plain flows and workloads say, with their places.

Rows are small enough to travel between processes. A flow or workload is plain in shape where no value is of an odd
type. Whatever else is asked of a document is looked up in the document itself, which need not be at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any, ClassVar, Generic, TypeVar

from msgspec.structs import force_setattr

from ringfence.documents import Document
from ringfence.findings import Location
from ringfence.model.layout import Place
from ringfence.model.node import Node
from ringfence.model.types import Labels
from ringfence.values.partly import Partly
from ringfence.values.ports import FIRST, LAST

Names = str | tuple[str, ...]
FlowRow = tuple[str, Names, Names, tuple[str | int, ...], str, str, tuple[str, ...] | None, str | None, int, int]
"""Name, `from`, `to`, `ports`, reason, ticket, `environments`, `expires` (None: absent); line and column."""

WorkloadRow = tuple[str, Labels, tuple[tuple[str, int], ...], str, int, int]
"""Name, labels, single ports by name, service account; line and column of the name."""

Head = tuple[Labels, tuple[str, ...] | None]
"""The own labels of a namespace, and its `environments` (None: absent)."""

Row = TypeVar("Row", FlowRow, WorkloadRow)

_PLAIN = {"labels", "ports", "serviceAccount"}


class Rows(Partly, Generic[Row], frozen=True):
    """What one document lists under the key `ITEMS`, in its order; None for what is not plain.

    `where` is the whole document, and `again` gives it. `head` is what else it says, of which flows have nothing; None
    where that is not plain. What is equal says the same.
    """

    ITEMS: ClassVar[str]
    ASIDE = ("again", "_root")

    where: Location
    rows: Sequence[Row | None]
    head: Head | tuple[()] | None
    again: Callable[[], Document]
    _root: Node | None = None

    @property
    def says_all(self) -> bool:
        """Whether nobody will ask for the document, if it is one of which nothing is to be said."""
        return self.head is not None and None not in self.rows

    @property
    def root(self) -> Node:
        """The document."""
        if (found := self._root) is None:
            found = Node.root(self.again())
            force_setattr(self, "_root", found)
        return found

    def node(self, index: int) -> Node:
        """One of what is listed, in the document."""
        return self.root.get(self.ITEMS).child(index)


class Flows(Rows[FlowRow], frozen=True):
    """A document of flows."""

    ITEMS = "flows"


class Space(Rows[WorkloadRow], frozen=True):
    """A document of a namespace with its workloads."""

    ITEMS = "workloads"


Listing = Flows | Space
KINDS: Mapping[str, type[Listing]] = {"Flows": Flows, "Namespace": Space}


def of(document: Document, place: Place) -> Listing | None:
    """The rows of a document of flows or a namespace that stands in a place for it; the document is kept."""
    data = document.data
    kind = data.get("kind") if isinstance(data, dict) else None
    if kind not in place.kinds or kind not in KINDS:
        return None
    items = data.get(KINDS[kind].ITEMS)
    # of what is neither, there are no rows: the schema says what it should be
    listed, named = items if isinstance(items, list) else [], items if isinstance(items, dict) else {}
    of_items = document.places.get(id(listed), ()) if kind == "Flows" else document.places.get(id(named), ())[::2]
    top, *positions = document.lines.positions((document.root, *of_items))
    where = Location(document.path, *top)
    if kind == "Flows":
        flows = [_flow(item, *position) for item, position in zip(listed, positions, strict=True)]
        return Flows(where, tuple(flows), (), lambda: document)
    workloads = [
        _workload(name, item, *position) for (name, item), position in zip(named.items(), positions, strict=True)
    ]
    return Space(where, tuple(workloads), _head(data), lambda: document)


def _head(data: Mapping[str, Any]) -> Head | None:
    labels, environments = data.get("labels", {}), data.get("environments", ())
    if type(labels) is not dict or not all(type(value) is str for value in labels.values()):
        return None
    wanted = _names(environments)
    if "environments" in data and not wanted:
        return None
    return tuple(sorted(labels.items())), wanted or None


def _workload(name: str, data: Any, line: int, column: int) -> WorkloadRow | None:
    if type(data) is not dict or not data.keys() <= _PLAIN:
        return None
    labels, ports, account = data.get("labels"), data.get("ports", {}), data.get("serviceAccount", "")
    if not (labels and type(labels) is dict and type(ports) is dict and type(account) is str):
        return None
    for value in labels.values():
        if type(value) is not str:
            return None
    for port in ports.values():
        if type(port) is not int or not FIRST <= port <= LAST:
            return None
    return name, tuple(sorted(labels.items())), tuple(ports.items()), account, line, column


_ALWAYS = "name", "from", "to", "ports", "reason"
_always = itemgetter(*_ALWAYS)


def _flow(data: Any, line: int, column: int) -> FlowRow | None:
    if type(data) is not dict:
        return None
    try:
        name, source, destination, ports, reason = _always(data)
    except KeyError:
        return None
    if type(source) is not str:
        source = _names(source)
    if type(destination) is not str:
        destination = _names(destination)
    if not (name and source and destination and type(name) is type(reason) is str and type(ports) is list):
        return None
    for item in ports:
        if type(item) is not str and type(item) is not int:
            return None  # a boolean is equal to a number, and not the same
    ticket, environments, expires = "", None, None
    if len(data) > len(_ALWAYS):
        ticket, environments, expires = data.get("ticket", ""), data.get("environments"), data.get("expires")
        environments = _names(environments) if type(environments) is list else environments
        if type(ticket) is not str:
            return None
        if "environments" in data and not (environments and type(environments) is tuple):
            return None
        if "expires" in data and type(expires) is not str:
            return None
    return name, source, destination, tuple(ports), reason, ticket, environments, expires, line, column


def namespaces(row: FlowRow, here: str) -> set[str]:
    """The namespaces that the ends of a flow are in, with that of its document."""
    found = {here}
    for texts in (row[1], row[2]):
        for text in (texts,) if type(texts) is str else texts:
            namespace, sign, _ = text.partition("/")
            if sign:
                found.add(namespace)
    return found


def _names(value: Any) -> tuple[str, ...]:
    """Several texts; nothing for what is something else."""
    if type(value) is list and all(type(item) is str for item in value):
        return tuple(value)
    return ()
