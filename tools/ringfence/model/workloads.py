"""The workloads of the namespaces, and whom they accept."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from itertools import combinations
from operator import attrgetter

from msgspec.structs import replace

from ringfence.findings import Location
from ringfence.model import ports
from ringfence.model.catalog import labels
from ringfence.model.names import Names
from ringfence.model.node import Node
from ringfence.model.problems import names as name_problems
from ringfence.model.problems import workloads as problems
from ringfence.model.rows import Space, WorkloadRow
from ringfence.model.types import Namespace, Workload

RESERVED = ("0-permissive-egress", "0-permissive-ingress", "baseline", "kustomization")


def build(
    spaces: Iterable[tuple[Namespace, Space]], broken: set[str], names: Names
) -> list[tuple[Workload, Node | None]]:
    """The workloads in file order; `accepts` is empty yet, and one that may have some comes with its place."""
    result: list[tuple[Workload, Node | None]] = []
    for space, document in spaces:
        path = document.where.path
        for index, row in enumerate(document.rows):
            if row and row[0] not in RESERVED:
                result.append((_plain(space, row, path), None))
                continue
            node = document.node(index)
            name = str(node.key)
            if workload := _one(space, name, node, names):
                result.append((workload, node))
            else:
                broken.add(f"{space.name}/{name}")
    _check_overlaps([workload for workload, _ in result], names)
    return result


def accept(found: Iterable[tuple[Workload, Node | None]], names: Names) -> dict[str, Workload]:
    """The workloads by id with `accepts` resolved; `names` knows all workloads by now."""
    result = {}
    for workload, node in found:
        result[workload.id] = workload
        if node and node.has("accepts"):
            accepted = names.listed(node.get("accepts"), partial(names.pattern, here=workload.namespace))
            result[workload.id] = replace(workload, accepts=tuple(accepted))
    return dict(sorted(result.items()))


def _plain(space: Namespace, row: WorkloadRow, path: str) -> Workload:
    """What `_one` makes of a workload of which it has nothing to say."""
    name, pairs, own_ports, account, line, column = row
    where = Location(path, line, column)
    environments = space.environments
    return Workload(space.name, name, space.team, pairs, ports.single(own_ports), account, environments, (), where)


def _one(space: Namespace, name: str, node: Node, names: Names) -> Workload | None:
    id_ = f"{space.name}/{name}"
    if name in RESERVED:
        names.report(
            name_problems.RESERVED_NAME.at(
                node.where_key,
                f"the workload name `{name}` is reserved: its rendered file would take the place of another",
                hint="choose another name; it need not be the name of the Deployment",
                subject=id_,
            )
        )
        return None
    if node.has("hostNetwork"):
        names.report(
            problems.HOST_NETWORK.at(
                node.get("hostNetwork").where_key,
                f"workload {id_} runs in the host's network: its pods have the address of their node, and policies do "
                "not select them",
                hint="take it out of the declarations, or out of the host's network",
                subject=id_,
            )
        )
    pairs = labels(node.get("labels"))
    own_ports = ports.declared(node.get("ports"), names.report)
    environments = _environments(space, id_, node.get("environments"), names)
    if not pairs:
        names.report(
            problems.NO_LABELS.at(
                node.get("labels").where,
                f"workload {id_} has no labels, so its selector would select every pod of the namespace",
                hint="write the labels of its pods, such as `labels: {app: …}`",
                subject=id_,
            )
        )
        return None
    return Workload(
        namespace=space.name,
        name=name,
        team=space.team,
        labels=pairs,
        ports=own_ports,
        service_account=node.string("serviceAccount"),
        environments=environments,
        accepts=(),
        where=node.where_key,
    )


def _environments(space: Namespace, id_: str, node: Node, names: Names) -> frozenset[str]:
    if node.value is None:
        return space.environments
    chosen = names.environment_set(node)
    for item in node.texts():
        if item.value in chosen - space.environments:
            names.report(
                problems.OUTSIDE_NAMESPACE.at(
                    item.where,
                    f"workload {id_} names the environment `{item.value}`, in which its namespace does not exist",
                    hint=f"add `{item.value}` to the environments of the namespace, or leave it out here",
                    subject=id_,
                    related=[(space.where, "the namespace")],
                )
            )
    return chosen & space.environments


def _check_overlaps(found: Iterable[Workload], names: Names) -> None:
    by_namespace: dict[str, list[Workload]] = defaultdict(list)
    for workload in found:
        by_namespace[workload.namespace].append(workload)
    for group in by_namespace.values():
        # of labels with the same keys, none select what the others do, unless they are the same
        if len({item.labels for item in group}) == len(group) and len({_keys(item) for item in group}) == 1:
            continue
        labelled = [(item, set(item.labels)) for item in sorted(group, key=attrgetter("id"))]
        for (one, own), (other, others) in combinations(labelled, 2):
            if (own <= others or others <= own) and one.environments & other.environments:
                _report_overlap(*((one, other) if own <= others else (other, one)), names)


def _keys(workload: Workload) -> tuple[str, ...]:
    return tuple([key for key, _ in workload.labels])


def _report_overlap(wide: Workload, narrow: Workload, names: Names) -> None:
    text = ", ".join(f"{key}: {value}" for key, value in wide.labels)
    names.report(
        problems.LABELS_OVERLAP.at(
            wide.where,
            f"the labels of {wide.id} ({text}) also select the pods of {narrow.id}: what is opened for the first would "
            "be open for the second",
            hint="give each of them a label value that the other does not have",
            subject=wide.id,
            related=[(narrow.where, narrow.id)],
        )
    )
