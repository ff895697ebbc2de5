"""The teams and their namespaces."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ringfence.findings import Location
from ringfence.model.catalog import labels
from ringfence.model.layout import Place
from ringfence.model.names import Names
from ringfence.model.node import Node
from ringfence.model.problems import files as problems
from ringfence.model.problems import names as name_problems
from ringfence.model.rows import Flows, Space
from ringfence.model.types import Labels, Namespace, Team
from ringfence.values.nearest import nearest

RESERVED = ("baseline", "default")


def build(found: Iterable[tuple[Place, Node]], names: Names) -> dict[str, Team]:
    """The teams by name. Whether the claimed namespaces have folders is not checked here."""
    result = {}
    for place, node in found:
        claims: dict[str, Location] = {}
        for item in node.get("namespaces").texts():
            if item.value in claims:
                names.repeated(item, item.value)
            claims.setdefault(item.value, item.where)
        ordered = sorted(claims.items())
        result[place.team] = Team(
            name=place.team,
            description=node.string("description"),
            contact=node.string("contact"),
            owners=tuple(item.value for item in node.get("owners").texts()),
            namespaces=tuple(name for name, _ in ordered),
            where=node.where,
            claims=tuple(where for _, where in ordered),
        )
    return dict(sorted(result.items()))


def namespaces(
    found: Iterable[tuple[Place, Space]], names: Names
) -> tuple[dict[str, Namespace], list[tuple[Namespace, Space]]]:
    """The namespaces by declared name, and each with its document; a second declaration is reported and left out."""
    result: dict[str, Namespace] = {}
    kept = []
    for place, document in found:
        name = place.namespace
        if name in RESERVED or name.startswith("kube-"):
            names.report(
                name_problems.RESERVED_NAME.at(
                    document.where,
                    f"the namespace name `{name}` is reserved: a default deny there would hit what is not this team's",
                    hint="choose another namespace; pods of the system are peers of the catalogue",
                    subject=name,
                )
            )
            continue
        if other := result.get(name):
            names.report(
                problems.NAMESPACE_TWICE.at(
                    document.where,
                    f"namespace `{name}` is declared already by team {other.team}; two declarations are not merged",
                    hint=f"put its workloads into `{other.where.path}`"
                    if other.team == place.team
                    else "one team owns a namespace",
                    subject=name,
                    related=[(other.where, "the other declaration")],
                )
            )
            continue
        own, environments = _head(document, names)
        space = Namespace(name=name, team=place.team, labels=own, environments=environments, where=document.where)
        result[name] = space
        kept.append((space, document))
    return dict(sorted(result.items())), kept


def _head(document: Space, names: Names) -> tuple[Labels, frozenset[str]]:
    """The own labels of a namespace, and its environments."""
    if document.head:
        own, wanted = document.head
        chosen = names.environments if wanted is None else frozenset(wanted)
        if chosen <= names.environments and len(chosen) == len(wanted or chosen):
            return own, chosen
    root = document.root
    return labels(root.get("labels")), names.environment_set(root.get("environments"))


def check_folders(
    places: Iterable[tuple[Place, Node | Flows | Space]], names: Names, declared: Collection[tuple[str, str]]
) -> None:
    """Report each folder of a team without `team.yaml`, and of a namespace without its document (once each)."""
    seen: set[tuple[str, str]] = set()
    for place, node in places:
        team, space = place.team, place.namespace
        if not team:
            continue
        if (team, "") not in seen and team not in names.teams and f"teams/{team}/team.yaml" not in names.lost:
            near = nearest(team, names.teams)
            names.report(
                problems.NO_TEAM.at(
                    node.where,
                    f"folder `teams/{team}/` has no usable `team.yaml`, so nobody owns what is declared here",
                    hint=f"did you mean the folder `teams/{near}/`?" if near else f"add `teams/{team}/team.yaml`",
                    subject=team,
                )
            )
        if (
            (team, space) not in seen
            and space
            and (team, space) not in declared
            and f"teams/{team}/{space}" not in names.lost
        ):
            near = nearest(space, names.namespaces)
            names.report(
                problems.NO_NAMESPACE.at(
                    node.where,
                    f"folder `teams/{team}/{space}/` has no document of kind Namespace, so nothing is isolated there",
                    hint=f"did you mean the folder of `{near}`?"
                    if near
                    else f"add `teams/{team}/{space}/namespace.yaml`",
                    subject=space,
                )
            )
        seen |= {(team, ""), (team, space)}
