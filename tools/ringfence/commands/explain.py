"""Say why a connection is allowed or denied: both directions, the objects and rules that decide, file and line.

examples:
  ringfence explain checkout/checkoutservice payments/paymentservice:50051
  ringfence explain --cluster prod-eu storefront/frontend stripe:443
  ringfence explain --manifests deploy/ shop/frontend shop/cart:7070/TCP
  ringfence explain --manifests deploy/ --cni cilium shop/frontend dns:api.example.com:443
  kubectl get pods,deploy,netpol,ns -A -o yaml | ringfence explain --manifests - shop/frontend shop/cart
"""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, TextIO

from msgspec.structs import replace

from ringfence.commands import plain, shared
from ringfence.errors import EXIT_CLEAN, EXIT_FINDINGS, UsageError
from ringfence.findings import Finding, has_errors, in_order

if TYPE_CHECKING:
    from ringfence.connectivity import Connectivity, Explanation
    from ringfence.model.types import Cluster, Model
    from ringfence.values.addresses import AddressSet


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `explain`."""
    shared.add_common(parser)
    shared.add_cluster(parser)
    plain.add_manifests(parser)
    parser.add_argument("source", metavar="FROM", help="a workload, a catalogue name or an address")
    parser.add_argument("destination", metavar="TO[:PORT]", help="the same, with a port such as :8443 or :53/UDP")


def run(args: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Explain one pair in each cluster; 1 when reading the manifests found errors."""
    from ringfence import report
    from ringfence.connectivity import evaluate, explanation_to_json
    from ringfence.report import explanation_text, json, text

    destination, port, protocol = split_port(args.destination)
    answers: list[tuple[str, Explanation]] = []
    findings: list[Finding] = []
    if plain.reads_manifests(args):
        cluster = plain.cluster(args, args.manifests)
        findings += cluster.findings
        result = evaluate(cluster.asked((args.source, destination)))
        answer = result.explain(args.source, destination, protocol, port)
        answers.append(("", _named(answer, args.source, destination)))
    else:
        loaded = shared.load_valid(args.directory, out, err, args.format)
        if isinstance(loaded, int):
            return loaded
        repository, model = loaded
        states, chosen = shared.states(repository, model, args.cluster)
        for state in states:
            findings += state.findings
            for one in (item for item in state.clusters if item in chosen):
                ends = [_end(text, one, model, state.connectivity) for text in (args.source, destination)]
                if ends[0] is not None and ends[1] is not None:
                    answer = state.connectivity.explain(ends[0], ends[1], protocol, port)
                    answers.append((one.name, _named(answer, args.source, destination)))
        if not answers:
            raise UsageError(
                "no cluster has both ends", "ringfence validate says in which environments a workload exists"
            )
    if args.format == "json":
        rows = [{"cluster": name, **explanation_to_json(answer)} for name, answer in answers]
        out.write(json.dump({"explanations": rows, "findings": [json.finding(item) for item in in_order(findings)]}))
    else:
        out.write(explanation_text.render(answers, report.wants_colour(out)))
        err.write(text.findings(in_order(findings), explanation_text.counts(answers), report.wants_colour(err)))
    return EXIT_FINDINGS if has_errors(findings) else EXIT_CLEAN


def split_port(text: str) -> tuple[str, int | None, str | None]:
    """`shop/cart:7070/TCP` as name, port and protocol; an IPv6 address with a port is `[2001:db8::1]:443`."""
    kind = re.match(r"(?:dns|entity):", text)
    if kind is not None:  # what policies of Cilium call by a name
        name, port, protocol = split_port(text[kind.end() :])
        return kind[0] + name, port, protocol
    found = re.fullmatch(r"(?:\[(?P<six>[^\]]+)\]|(?P<name>[^:]+))(?::(?P<port>\d{1,5})(?:/(?P<protocol>\w+))?)?", text)
    if found is None:
        named = re.fullmatch(r"(?P<name>[^:]+):(?P<port>[a-z0-9-]*[a-z][a-z0-9-]*)", text)
        if named is not None and "." not in named["name"]:
            raise UsageError(
                f"{named['port']!r} is the name of a port, and policies see numbers",
                f"write its number, such as {named['name']}:8443; without a port, every port is explained",
            )
        return text, None, None
    name = found["six"] or found["name"]
    if found["port"] is None:
        return name, None, None
    port, protocol = int(found["port"]), (found["protocol"] or "").upper() or None
    if not 1 <= port <= 65535:
        raise UsageError(f"port {port} is not between 1 and 65535")
    if protocol not in (None, "TCP", "UDP", "SCTP"):
        raise UsageError(f"protocol {found['protocol']} is not one of TCP, UDP, SCTP")
    return name, port, protocol


def _named(answer: Explanation, source: str, destination: str) -> Explanation:
    """The answer with addresses called as they were asked for, and not by all those that fare as they do."""
    if answer.itself:
        return answer
    return replace(
        answer,
        source=source if answer.egress is None else answer.source,
        destination=destination if answer.ingress is None else answer.destination,
    )


def _end(text: str, cluster: Cluster, model: Model, connectivity: Connectivity) -> str | AddressSet | None:
    """The end in a cluster that a declared name stands for; None where it does not exist there."""
    from ringfence.values.nearest import nearest

    if text in model.workloads:
        workload = model.workloads[text]
        here = cluster.environment in workload.environments
        return f"{cluster.namespace_name(workload.namespace)}/{workload.name}" if here else None
    if text in model.peers:
        peer = model.peers[text]
        if peer.only_names:
            if len(peer.names) > 1:
                several = ", ".join(f"dns:{name}" for name in peer.names)
                raise UsageError(f"{text} is known by several DNS names", f"ask for one of {several}")
            return f"dns:{peer.names[0]}"
        return f"{peer.namespace}/{peer.name}" if peer.is_pods else peer.addresses & connectivity.externals
    if "/" not in text and ("." in text or ":" in text):
        return text
    names = [*model.workloads, *model.peers]
    guess = nearest(text, names)
    raise UsageError(
        f"there is no workload or catalogue name {text!r}",
        f"did you mean {guess}?" if guess else "ringfence connections lists them",
    )
