"""What belongs to a Kubernetes cluster as a whole: what its dialect needs there, and the guardrails' policies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ringfence.compile import guardrails
from ringfence.compile.guardrails import Guard
from ringfence.model.types import Cluster, Model
from ringfence.render import emit, proof
from ringfence.render import templates as jinja
from ringfence.render.dialects import WHOLE, of_tier
from ringfence.render.quoting import Yaml, comment

Objects = dict[str, tuple[dict[str, Any], str, dict[str, Any]]]
"""The objects by file, each with the name of its template and what that sees."""


def objects(model: Model, cluster: Cluster) -> Objects:
    """The objects of the Kubernetes cluster of a cluster; tiers come before what stands in them."""
    whole = WHOLE.get(cluster.dialect)
    found: Objects = dict(whole.cluster()) if whole else {}
    if tier := guardrails.tier(cluster):
        found[f"tier-{tier['metadata']['name']}"] = (tier, jinja.TIER, of_tier(tier))
    for guard in guardrails.guards(model, cluster):
        found[guard.file] = (guard.data, jinja.GUARDRAIL, _values(guard))
    return found


def files(
    folder: str, wide: Objects, more: Iterable[str], kustomization: str, templates: jinja.Templates
) -> Iterator[tuple[str, str]]:
    """The files of objects in a folder and their Kustomization, name to text, proven to mean what was compiled.

    `more` are other files that the folder holds.
    """
    names = [f"{file}.yaml" for file in wide]
    for name, (data, template, values) in zip(names, wide.values(), strict=True):
        yield name, _written(templates, template, f"{folder}/{name}", values, data)
    names += more
    data = {"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": names}
    values = {"namespace": "", "team": "", "resources": tuple(names), "patches": ()}
    name = "kustomization.yaml"
    yield name, _written(templates, kustomization, f"{folder}/{name}", values, data)


def _written(templates: jinja.Templates, template: str, path: str, values: dict[str, Any], data: dict[str, Any]) -> str:
    notes = _notes(values) if template == jinja.GUARDRAIL else ()
    plain = "".join(f"{line}\n" for line in (*notes, *emit.mapping(data)))
    return proof.written(templates, template, path, plain, lambda: values, lambda: data)


def _notes(values: dict[str, Any]) -> tuple[Yaml, Yaml]:
    return comment(f"guardrail {values['guardrail']}: {values['reason']}"), comment(f"  {values['file']}")


def _values(guard: Guard) -> dict[str, Any]:
    return {
        "version": guard.version,
        "kind": guard.kind,
        "name": guard.name,
        "labels": guard.labels,
        "guardrail": guard.guardrail.name,
        "reason": guard.guardrail.reason,
        "file": guard.guardrail.where.path,
        "spec": Yaml("\n".join(emit.mapping(guard.spec))),
    }
