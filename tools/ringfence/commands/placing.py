"""Where a new flow goes, and how it is written there: the folder, the file, and the words of the declaration."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

from ringfence.errors import UsageError

if TYPE_CHECKING:
    from ringfence.commands.shared import Loaded
    from ringfence.model.types import End, Model, Namespace, Workload

SCHEMA = "schemas/v1alpha1/flows.schema.json"


def home(sources: Sequence[End], destinations: Sequence[End]) -> Workload:
    """The workload in whose folder the flow belongs: the source, or the destination of a catalogue peer.

    Raises `UsageError` where no workload is among the ends, or several namespaces would have to hold the flow.
    """
    from ringfence.model.types import Peer

    found: dict[str, Workload] = {}
    for source in sources:
        for destination in destinations:
            owner = destination if isinstance(source, Peer) else source
            if isinstance(owner, Peer):
                raise UsageError(
                    f"neither {source.id} nor {destination.id} is a workload", "one end must be a workload of a team"
                )
            found.setdefault(owner.namespace, owner)
    if len(found) > 1:
        raise UsageError(
            f"a flow belongs to one namespace, and this one to {' and '.join(sorted(found))}",
            "a flow stands in the folder of its source: declare one flow for each",
        )
    return next(iter(found.values()))


def file_of(loaded: Loaded, namespace: Namespace) -> str:
    """The file of a namespace that holds flows: `flows.yaml`, or the only one of that kind, or a new `flows.yaml`."""
    from ringfence import documents

    folder = namespace.where.path.rpartition("/")[0]
    standard = f"{folder}/flows.yaml"
    held = []
    for path in loaded.tree.files(folder):
        document, _ = documents.read(path, loaded.tree.read(path)) if path.endswith(".yaml") else (None, [])
        if document is not None and isinstance(document.data, dict) and document.data.get("kind") == "Flows":
            held.append(path)
    return standard if standard in held or len(held) != 1 else held[0]


def content(loaded: Loaded, path: str, flow: dict[str, Any]) -> bytes:
    """The file with a flow at its end, in style. Raises `EditError` and `UnformattableError`."""
    from ringfence.documents import edit, style

    if path in loaded.tree.files(path.rpartition("/")[0]):
        return style.format(edit.append(loaded.tree.read(path), ("flows",), flow))
    up = "../" * path.count("/")
    editor = f"# yaml-language-server: $schema={up}{SCHEMA}\n" if loaded.tree.files(SCHEMA) else ""
    start = f"{editor}apiVersion: ringfence.dev/v1alpha1\nkind: Flows\nflows: []\n"
    return style.format(edit.append(start.encode(), ("flows",), flow))


def written(end: End, namespace: str, model: Model) -> str:
    """An end as its file says it: a workload of the same namespace by its bare name, unless a peer has that name."""
    from ringfence.model.types import Peer

    if isinstance(end, Peer) or end.namespace != namespace or end.name in model.peers:
        return end.id
    return end.name


def name_for(sources: Sequence[End], destinations: Sequence[End], taken: Collection[str]) -> str:
    """A name that nobody uses: `checkout-to-api`. Raises `UsageError` where that is taken, or no name of a flow."""
    from ringfence.model.layout import is_label

    name = "-".join([*(end.name for end in sources), "to", *(end.name for end in destinations)])
    if name in taken or not is_label(name):
        why = "is taken" if name in taken else "is too long"
        raise UsageError(f"the name {name} {why}", "say what the flow is for: --name read-cart")
    return name
