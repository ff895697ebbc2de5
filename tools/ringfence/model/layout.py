"""Which kind of document stands where in a repository."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ringfence.documents import Document
from ringfence.findings import Finding, Location
from ringfence.model.problems import files as problems
from ringfence.values.nearest import nearest

FOLDERS: Mapping[str, str] = {
    "clusters": "Cluster",
    "profiles": "CniProfile",
    "catalog": "Catalog",
    "baseline": "Baseline",
    "guardrails": "Guardrails",
    "waivers": "Waivers",
}
"""The folders of `policies/` and the kind that each holds."""

BELONGS: Mapping[str, str] = {
    "Settings": "policies/ringfence.yaml",
    "Team": "teams/<team>/team.yaml",
    "Namespace": "teams/<team>/<namespace>/namespace.yaml",
    "Flows": "teams/<team>/<namespace>/",
    **{kind: f"policies/{folder}/" for folder, kind in FOLDERS.items()},
    "Adopted": "policies/adopted/<cluster>/<namespace>/",
    "Assertions": "assertions/",  # of plain manifests: read by `ringfence assert` alone, wherever it is told
}
"""Where each kind belongs, as messages say it."""

RENDERED = "policies/rendered/"
ADOPTED = "policies/adopted/"
"""Policies from before, as somebody wrote them: manifests, and no documents of Ringfence."""
OF_CLUSTER = "_cluster"
"""The folder of adopted policies that belong to no namespace."""
NOT_READ_HERE = (RENDERED, "policies/templates/")
NOTES = ("README.md", ".gitkeep", ".keep")

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_PROFILE = re.compile(r"(.+?)(?:-([0-9]+(?:\.[0-9]+){0,2}))?")


class Place(NamedTuple):
    """What a path says about its document: the kinds that may stand there, and the names that it gives.

    `name` is a cluster's, or a network plugin's with `version` (`cilium-1.20`: `cilium` and `1.20`).
    """

    kinds: tuple[str, ...]
    team: str = ""
    namespace: str = ""
    name: str = ""
    version: str = ""


def profile_name(stem: str) -> tuple[str, str]:
    """The name and the version that the file of a profile gives: `cilium-1.20` is `cilium` and `1.20`."""
    found = _PROFILE.fullmatch(stem)
    return (found[1], found[2] or "") if found else (stem, "")


def is_label(text: str) -> bool:
    """Whether a text is a DNS label (RFC 1123)."""
    return _LABEL.fullmatch(text) is not None


def is_read(path: str) -> bool:
    """Whether the model is answerable for a file: rendered files, templates and notes are not documents."""
    return not path.startswith(NOT_READ_HERE) and path.rpartition("/")[2] not in NOTES


def place(path: str) -> Place | Finding:
    """The place of a file of `teams/` or `policies/`, or what is wrong with where it stands."""
    parts = tuple(path.split("/"))
    found = _policies(path, parts) if parts[0] == "policies" else _teams(path, parts)
    if isinstance(found, Finding):
        return found
    if parts[-1].endswith(".yaml"):
        return _named(path, found)
    stem = parts[-1].rpartition(".")[0] or parts[-1]
    return _unexpected(
        path,
        "only files that end in `.yaml` are documents, so this one is not read",
        f"rename it to `{stem}.yaml`"
        if path.endswith((".yml", ".YAML", ".YML"))
        else "remove it, or keep it in another folder",
    )


def misplaced(kind: str, where: Place, document: Document) -> Finding | None:
    """The finding on a document of a known kind that does not belong in its place."""
    if kind in where.kinds or kind not in BELONGS:
        return None
    near = nearest(kind, where.kinds)
    return problems.MISPLACED_KIND.at(
        document.at("kind"),
        f"a document of kind {kind} is not read here, only {' or '.join(where.kinds)}; the folder decides who owns a "
        "document",
        hint=f"did you mean kind {near}?" if near else f"move it to `{BELONGS[kind]}`",
    )


def _policies(path: str, parts: tuple[str, ...]) -> Place | Finding:
    if len(parts) == 2:
        if parts[1] == "ringfence.yaml":
            return Place(("Settings",))
        return _unexpected(path, "the only document directly in `policies/` is `ringfence.yaml`", f"use {_folders()}")
    folder = parts[1]
    if folder == "adopted":
        return _adopted(path, parts)
    if folder not in FOLDERS:
        near = nearest(folder, (*FOLDERS, "adopted"))
        hint = f"did you mean `policies/{near}/`?" if near else f"use {_folders()}"
        return _unexpected(path, f"nothing reads the folder `policies/{folder}/`", hint)
    if len(parts) > 3:
        return _unexpected(
            path,
            f"`policies/{folder}/` has no folders of its own, so this file is not read",
            f"move it to `policies/{folder}/{parts[-1]}`",
        )
    stem = parts[2].removesuffix(".yaml")
    if folder == "profiles":
        name, version = profile_name(stem)
        return Place((FOLDERS[folder],), name=name, version=version)
    return Place((FOLDERS[folder],), name=stem if folder == "clusters" else "")


def _adopted(path: str, parts: tuple[str, ...]) -> Place | Finding:
    if len(parts) != 5:
        message = "an adopted policy stands in a folder of its cluster and its namespace, so this file is not read"
        where = f"`policies/adopted/<cluster>/<namespace>/{parts[-1]}`"
        return _unexpected(path, message, f"move it to {where}, or to `{OF_CLUSTER}` for one without namespace")
    return Place(("Adopted",), namespace="" if parts[3] == OF_CLUSTER else parts[3], name=parts[2])


def _teams(path: str, parts: tuple[str, ...]) -> Place | Finding:
    if len(parts) == 3:
        if parts[2] in ("team.yaml", "team.yml"):
            return Place(("Team",), team=parts[1])
        near = nearest(parts[2], ["team.yaml"])
        hint = "did you mean `team.yaml`?" if near else f"move it to `teams/{parts[1]}/<namespace>/`"
        return _unexpected(path, "the only document directly in a team's folder is `team.yaml`", hint)
    if len(parts) == 4:
        return Place(("Namespace", "Flows"), team=parts[1], namespace=parts[2])
    if len(parts) == 2:
        return _unexpected(path, "a document of a team stands in the team's folder", "move it to `teams/<team>/`")
    return _unexpected(
        path,
        "a namespace's folder has no folders of its own, so this file is not read",
        f"move it to `{'/'.join(parts[:3])}/`",
    )


def _named(path: str, found: Place) -> Place | Finding:
    named = "network plugin" if found.kinds == ("CniProfile",) else "cluster"
    for what, name in (("team", found.team), ("namespace", found.namespace), (named, found.name)):
        if name and not is_label(name):
            return problems.BAD_NAME.at(
                Location(path),
                f"the {what} is called `{name}` after its place, which is not a DNS label (lower-case letters, digits "
                "and `-`, at most 63); the API server would refuse it",
                hint=_suggest(name),
            )
    return found


def _suggest(name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", name.casefold())[:63].strip("-")
    return f"rename it to `{plain}`" if is_label(plain) else "rename it"


def _folders() -> str:
    return "one of " + ", ".join(f"`policies/{folder}/`" for folder in FOLDERS)


def _unexpected(path: str, message: str, hint: str) -> Finding:
    return problems.UNEXPECTED_FILE.at(Location(path), message, hint=hint)
