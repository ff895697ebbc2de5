"""Prove that the rendered policies do exactly what was declared, pair by pair.

examples:
  ringfence verify
  ringfence verify --cluster prod-eu
  ringfence verify --output sarif=verify.sarif

Reads policies/rendered from disk, computes what it allows, and compares with the flows and the baseline: what
is missing, what is in excess. Guardrails are held against the same connectivity.
The files for Argo CD and Flux are the business of `ringfence render --check`.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TextIO

from ringfence.commands import outputs, progress, shared
from ringfence.errors import NothingToCheckError
from ringfence.findings import Finding

if TYPE_CHECKING:
    from ringfence.model.types import Model
    from ringfence.verify import State, States


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `verify`."""
    from ringfence.report import FINDING_FORMATS

    shared.add_common(parser, FINDING_FORMATS)
    outputs.add_output(parser, FINDING_FORMATS)
    shared.add_cluster(parser)


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Compare and print; 1 when anything differs."""
    from ringfence import verify
    from ringfence.report.text import plural

    loaded = shared.load_valid(args.directory, out, err, args.format, partial(outputs.also, args))
    if isinstance(loaded, int):
        return loaded
    repository, model = loaded
    side = verify.States(model, repository.tree)
    names = side.names
    if args.cluster is not None:
        names = [item.kubernetes_cluster for item in shared.pick_clusters(model, args.cluster)]
    findings: list[Finding] = [] if args.cluster is not None else side.strays()
    clusters: list[str] = []
    policies = pairs = beside = 0
    proofs = _proofs(side, model, names)
    shared.say_known(*side.remembered, "rendered namespace", err)
    for proof in proofs:
        clusters += proof.clusters
        findings += proof.findings
        beside += proof.adopted
        policies += proof.policies
        pairs += proof.pairs
    if not policies:
        raise NothingToCheckError("there is no rendered policy to verify", "run: ringfence render")
    kept = f" ({plural(beside, 'adopted policy')} among them)" if beside else ""
    summary = (
        f"{plural(policies, 'policy')}{kept} in {', '.join(sorted(clusters))}: {plural(pairs, 'pair')} of ends "
        f"compared, {plural(len(model.guardrails), 'guardrail')} held against them"
    )
    return outputs.print_findings(args, findings, out, summary)


class Proof(NamedTuple):
    """What was found in one Kubernetes cluster, and how much was looked at."""

    clusters: tuple[str, ...]
    findings: tuple[Finding, ...]
    policies: int
    adopted: int
    pairs: int


def _proofs(side: States, model: Model, names: list[str]) -> Iterable[Proof]:
    """The proofs of Kubernetes clusters, one after the other; of large ones with copies of this process."""
    from ringfence.values import workers

    progress.stage("reading what is rendered")
    side.read(names)
    if not side.is_large or workers.processors() < 2:
        return _one_by_one(side, model, names)
    progress.stage(f"proving {', '.join(names)}")
    return workers.spread(lambda name: _proof(side.of(name), model), names, _packed, _unpacked)


def _one_by_one(side: States, model: Model, names: list[str]) -> Iterable[Proof]:
    for number, name in enumerate(names, start=1):
        progress.stage(f"proving {name}, {number} of {len(names)}")
        yield _proof(side.of(name), model)


def _proof(state: State, model: Model) -> Proof:
    from ringfence import verify
    from ringfence.verify import adopted

    findings = (
        *state.findings,
        *verify.compare(state),
        *verify.violations(state, model, shared.today()),
        *adopted.told(state),
    )
    policies = state.objects.count
    clusters = tuple(cluster.name for cluster in state.clusters)
    return Proof(clusters, findings, policies, len(state.adopted), verify.pairs(state))


def _packed(proof: Proof) -> bytes:
    import json

    from ringfence.values import plain

    return json.dumps(plain.pack(proof)).encode()


def _unpacked(raw: bytes) -> Proof:
    import json

    from ringfence.values import plain

    proof: Proof = plain.unpack(Proof, json.loads(raw))
    return proof
