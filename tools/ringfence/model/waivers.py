"""The waivers: which rule, which subject, until when."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from ringfence.findings import Location
from ringfence.model import dates
from ringfence.model.layout import Place
from ringfence.model.names import Names
from ringfence.model.node import Node
from ringfence.model.ports import shorten
from ringfence.model.problems import names as name_problems
from ringfence.model.problems import waivers as problems
from ringfence.model.types import Flow, Grant, Guardrail, Waiver
from ringfence.values.nearest import nearest


def build(
    found: Iterable[tuple[Place, Node]],
    guardrails: Sequence[Guardrail],
    flows: Sequence[Flow],
    grants: Sequence[Grant],
    broken: Collection[str],
    names: Names,
) -> tuple[Waiver, ...]:
    """The waivers by rule and subject. Whether a waived check exists is not known here.

    `broken` are the names of guardrails, flows and grants that exist and could not be built.
    """
    rules = {guardrail.name for guardrail in guardrails}
    nodes = [node for _, document in found for node in document.get("waivers").list()]
    subjects = _subjects({node.string("subject") for node in nodes}, flows, grants, names)
    result: dict[tuple[str, str, str], Waiver] = {}
    for node in nodes:
        waiver = _one(node, names)
        known = _check_rule(node, rules, broken, names) and _check_subject(node, subjects, broken, names)
        if waiver is None or not known:
            continue
        key = (waiver.guardrail, waiver.check, waiver.subject)
        if other := result.get(key):
            names.report(
                name_problems.DUPLICATE_NAME.at(
                    waiver.where,
                    f"`{waiver.subject}` has a waiver from `{waiver.guardrail or waiver.check}` already; nobody "
                    "could say which of the two dates holds",
                    hint="keep one of the two",
                    subject=waiver.subject,
                    related=[(other.where, "the other waiver")],
                )
            )
        else:
            result[key] = waiver
    return tuple(result[key] for key in sorted(result))


def _subjects(wanted: Collection[str], flows: Sequence[Flow], grants: Sequence[Grant], names: Names) -> set[str]:
    """The ids of workloads, grants and flows; where all that is wanted is there, not those of all flows."""
    last = {text.rpartition("/")[2] for text in wanted}
    found = {*names.workloads, *(f"baseline/{grant.name}" for grant in grants)}
    found |= {flow.id for flow in flows if flow.name in last}
    return found if found.issuperset(wanted) else found.union(flow.id for flow in flows)


def _one(node: Node, names: Names) -> Waiver | None:
    expires = dates.read(node.get("expires"), names.report)
    check, guardrail = node.get("check"), node.get("guardrail")
    if expires is None or bool(check.text()) == bool(guardrail.text()):
        return None
    return Waiver(
        check=check.text(),
        guardrail=guardrail.text(),
        subject=node.string("subject"),
        reason=node.string("reason"),
        approver=node.string("approver"),
        expires=expires,
        where=_where(check, guardrail),
    )


def _where(check: Node, guardrail: Node) -> Location:
    return check.where if check.text() else guardrail.where


def _check_rule(node: Node, rules: Collection[str], broken: Collection[str], names: Names) -> bool:
    item = node.get("guardrail")
    name = item.text()
    if not name or name in rules:
        return True
    if name not in broken and "policies/guardrails" not in names.lost:
        near = nearest(name, rules)
        message = f"there is no guardrail `{shorten(name)}`, so this waiver excuses nothing"
        hint = f"did you mean `{near}`?" if near else "remove the waiver, or name a guardrail of policies/guardrails/"
        names.report(problems.UNKNOWN_GUARDRAIL.at(item.where, message, hint=hint))
    return False


def _check_subject(node: Node, subjects: Collection[str], broken: Collection[str], names: Names) -> bool:
    item = node.get("subject")
    text = item.text()
    if text in subjects:
        return True
    excused = text in broken or text in names.broken or names.is_lost(text.partition("/")[0])
    if text and not excused:
        near = nearest(text, subjects)
        message = f"there is no flow, workload or grant `{shorten(text)}`, so this waiver excuses nothing"
        hint = (
            f"did you mean `{near}`?"
            if near
            else "write the id of a flow (`namespace/flow`) or workload, or remove the waiver"
        )
        names.report(problems.UNKNOWN_SUBJECT.at(item.where, message, hint=hint))
    return False
