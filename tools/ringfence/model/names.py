"""What the names in flows, grants, guardrails and waivers stand for, or the nearest valid name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from msgspec import Struct

from ringfence.findings import Check, Finding
from ringfence.model.node import Node
from ringfence.model.ports import shorten
from ringfence.model.problems import flows as flow_problems
from ringfence.model.problems import names as problems
from ringfence.model.types import End, Namespace, Peer, Team, Workload
from ringfence.values.nearest import nearest

Report = Callable[[Finding], None]


class Names(Struct, frozen=True):
    """Everything that a name can stand for, and where to report what stands for nothing.

    `lost` are folders with a document that could not be read, and `broken` the ids of workloads and peers that could
    not be built: a name that may stand there is left out without a second finding.
    """

    environments: frozenset[str]
    peers: Mapping[str, Peer]
    teams: Mapping[str, Team]
    namespaces: Mapping[str, Namespace]
    workloads: Mapping[str, Workload]
    lost: Collection[str]
    broken: Collection[str]
    report: Report

    def end(self, node: Node, here: str, *, peers_only: bool = False) -> End | None:
        """The workload or peer of a name; `here` is the namespace of bare names, or empty."""
        text = node.text()
        local = f"{here}/{text}" if here and "/" not in text else text
        if not text or self._excused(text, local):
            return None
        workload = None if peers_only else self.workloads.get(local)
        peer = self.peers.get(text)
        if workload and peer:
            self.report(
                problems.AMBIGUOUS_END.at(
                    node.where,
                    f"`{text}` is a workload of this namespace and a peer of the catalogue; whom this reaches must not "
                    "depend on which of them is added or removed",
                    hint=f"write `{workload.id}` for the workload, or give one of the two another name",
                    related=[(workload.where, "the workload"), (peer.where, "the peer")],
                )
            )
            return None
        if found := workload or peer:
            return found
        self._unknown_end(node, here, peers_only)
        return None

    def pattern(self, node: Node, here: str = "") -> str | None:
        """The canonical text of an entry of `accepts` or `except`: a workload id, `namespace/*` or a peer's name."""
        text = node.text()
        if text.endswith("/*"):
            found = self._known(node, text[:-2], self.namespaces, "namespace", problems.UNKNOWN_NAMESPACE, suffix="/*")
            return f"{found}/*" if found else None
        end = self.end(node, here)
        return end.id if end else None

    def environment_set(self, node: Node) -> frozenset[str]:
        """The environments of a list, or all of them where the key is absent."""
        if node.value is None:
            return self.environments
        return frozenset(self.listed(node, self.environment))

    def environment(self, node: Node) -> str | None:
        """The environment of a name."""
        return self._known(node, node.text(), self.environments, "environment", problems.UNKNOWN_ENVIRONMENT)

    def team(self, node: Node) -> str | None:
        """The team of a name."""
        return self._known(node, node.text(), self.teams, "team", problems.UNKNOWN_TEAM)

    def namespace(self, node: Node) -> str | None:
        """The team namespace of a declared name."""
        return self._known(node, node.text(), self.namespaces, "namespace", problems.UNKNOWN_NAMESPACE)

    def workload(self, node: Node) -> str | None:
        """The id of a workload written as `namespace/workload`."""
        end = self.end(node, "")
        if isinstance(end, Peer):
            self.report(
                problems.UNKNOWN_END.at(
                    node.where,
                    f"`{end.name}` is a peer of the catalogue and not a workload",
                    hint="list it under `peers`",
                )
            )
            return None
        return end.id if end else None

    def peer(self, node: Node) -> str | None:
        """The name of a catalogue peer."""
        end = self.end(node, "", peers_only=True)
        return end.id if end else None

    def listed(self, node: Node, resolve: Callable[[Node], str | None]) -> list[str]:
        """What the items of a list stand for, in sorted order; an item that repeats another is reported."""
        seen: set[str] = set()
        for item in node.texts():
            if (found := resolve(item)) is None:
                continue
            if found in seen:
                self.repeated(item, found)
            seen.add(found)
        return sorted(seen)

    def repeated(self, node: Node, meaning: str) -> None:
        """Report an item of a list that means the same as an earlier one."""
        text = shorten(node.value)
        same = "" if text == meaning else f" (`{meaning}`)"
        message = f"`{text}`{same} is in this list already; deleting one of the two would not close anything"
        self.report(flow_problems.REPEATED_VALUE.at(node.where, message, hint="name it once"))

    def _known(
        self, node: Node, text: str, known: Collection[str], what: str, check: Check, suffix: str = ""
    ) -> str | None:
        if text in known:
            return text
        if text and not self._excused_kind(what, text):
            near = nearest(text, known)
            self.report(
                check.at(
                    node.where,
                    f"there is no {what} `{shorten(text)}`; {_WHY[what]}",
                    hint=f"did you mean `{near}{suffix}`?" if near else _choices(known, what),
                )
            )
        return None

    def _unknown_end(self, node: Node, here: str, peers_only: bool) -> None:
        text = node.text()
        if peers_only:
            why, known = f"`{shorten(text)}` is not a peer of the catalogue", list(self.peers)
        elif "/" in text:
            why, known = self._missing_workload(text), list(self.workloads)
        else:
            local = [item.name for item in self.workloads.values() if item.namespace == here]
            why = (
                f"`{shorten(text)}` is neither a workload of namespace {here} nor"
                if here
                else f"`{shorten(text)}` is not"
            )
            why, known = f"{why} a peer of the catalogue", [*local, *self.peers]
        near = nearest(text, known)
        if not near and not peers_only:
            # a bare name of another namespace's workload, or a workload under the wrong namespace
            tail = text.rpartition("/")[2]
            near = nearest(text, self.workloads) or next(
                (item.id for item in self.workloads.values() if item.name == tail), ""
            )
        hint = f"did you mean `{near}`?" if near else _choices(known, "end")
        self.report(problems.UNKNOWN_END.at(node.where, f"{why}, so nobody can say what this would open", hint=hint))

    def _missing_workload(self, text: str) -> str:
        namespace, _, name = text.partition("/")
        if namespace in self.namespaces:
            return f"namespace {namespace} has no workload `{shorten(name)}`"
        return f"there is no workload `{shorten(text)}`, since no team declares the namespace `{shorten(namespace)}`"

    def _excused(self, text: str, local: str) -> bool:
        if text in self.broken or local in self.broken:
            return True
        if text in self.peers or text in self.workloads or local in self.workloads:
            return False
        namespace = local.partition("/")[0]
        return self.is_lost(namespace) or ("/" not in text and "policies/catalog" in self.lost)

    def _excused_kind(self, what: str, text: str) -> bool:
        if what == "environment":
            return "policies/clusters" in self.lost
        if what == "team":
            return any(folder.startswith(f"teams/{text}/") for folder in self.lost)
        return self.is_lost(text)

    def is_lost(self, namespace: str) -> bool:
        """Whether a document in the folder of a namespace could not be read."""
        return any(folder.startswith("teams/") and folder.endswith(f"/{namespace}") for folder in self.lost)


_WHY = {
    "environment": "nothing would be rendered for it",
    "team": "a statement on it would never hold",
    "namespace": "a statement on it would never hold",
}


def _choices(known: Iterable[str], what: str) -> str:
    names = sorted(known)
    if not names:
        return "nothing of that kind is declared"
    listed = ", ".join(f"`{name}`" for name in names[:8])
    return f"the {what}s are {listed}" if len(names) <= 8 else f"some of the {what}s are {listed}"
