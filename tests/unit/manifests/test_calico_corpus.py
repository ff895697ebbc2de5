"""Every real Calico object at hand is read without an exception; what is refused is listed, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ringfence import documents
from ringfence.documents.document import Document, Route
from ringfence.findings import has_errors
from ringfence.manifests import calico

ORACLES = Path(__file__).resolve().parents[3].parent / "shared" / "oracles"

pytestmark = pytest.mark.skipif(not ORACLES.is_dir(), reason="no recorded policies at ../shared/oracles")

DOCS = "tigera+docs/_from_docs/"
REFUSED = {
    "calico-cloud/multicluster/kubeconfig.mdx__01.yaml": {"RF731"},  # `ports` beside `destination`
    "calico-cloud/network-policy/beginners/calico-labels.mdx__01.yaml": {"RF732"},  # ports without protocol
    "calico-cloud/network-policy/beginners/policy-rules/icmp-ping.mdx__02.yaml": {"RF730"},  # a comment lost its `#`
    "calico-cloud/network-policy/beginners/policy-rules/icmp-ping.mdx__03.yaml": {"RF730"},  # the same
    "calico-cloud/network-policy/beginners/services/services-cluster-ips.mdx__01.yaml": {"RF732"},  # the same
    "calico-cloud/network-policy/beginners/services/services-cluster-ips.mdx__02.yaml": {"RF732"},  # the same
    "calico-cloud/network-policy/beginners/services/services-cluster-ips.mdx__03.yaml": {"RF730"},  # rules in `types`
    "calico-cloud/network-policy/domain-based-policy.mdx__01.yaml": {"RF731"},  # `domains`: commercial
    "calico-cloud/network-policy/domain-based-policy.mdx__02.yaml": {"RF731"},  # the same
    "calico-cloud/network-policy/hosts/host-forwarded-traffic.mdx__02.yaml": {"RF732"},  # `=` in a selector
    "calico-cloud/networking/configuring/multiple-networks.mdx__01.yaml": {"RF732"},  # a value without quotes
    "calico-enterprise/network-policy/application-layer-policies/alp.mdx__01.yaml": {"RF731"},  # `headers`: commercial
    "calico-enterprise/network-policy/beginners/calico-labels.mdx__01.yaml": {"RF732"},  # ports without protocol
    "calico-enterprise/network-policy/hosts/protect-hosts.mdx__01.yaml": {"RF732"},  # `<your management CIDR>`
    "calico_versioned_docs/version-3.29/network-policy/get-started/kubernetes-default-deny.mdx__01.yaml": {
        "RF730",  # ports beside services
        "RF732",  # and without protocol
    },
    "use-cases/egress-access-controls.mdx__02.yaml": {"RF731"},  # `domains`: commercial
}
"""Documents with an object that is turned down; every one is a fault of the document or of another edition."""

NAMED_PORTS = "network-config-analyzer/nca-calico-calico_testcase15-ports_testcase15-named-ports/input/manifests.yaml"
"""The one case with policies that Calico's agent treats as missing: names of ports with more than 15 characters."""


def unrolled(data: Any, route: Route = ()) -> Iterator[tuple[Any, Route]]:
    if isinstance(data, dict) and isinstance(data.get("items"), list):
        for index, item in enumerate(data["items"]):
            yield from unrolled(item, (*route, "items", index))
    elif isinstance(data, dict):
        yield data, route


def objects(folder: str) -> Iterator[tuple[str, Document, Any, Route]]:
    base = ORACLES / folder
    for path in sorted(base.rglob("*")):
        if path.suffix not in (".yaml", ".yml", ".json") or path.name in ("case.json", "index.json"):
            continue
        if not path.is_file() or b"projectcalico.org/v" not in (raw := path.read_bytes()):
            continue
        name = path.relative_to(base).as_posix()
        for document in documents.read_many(name, raw)[0]:
            for data, route in unrolled(document.data):
                group = str(data.get("apiVersion")).partition("/")[0]
                if group in calico.GROUPS and data.get("kind") in calico.KINDS:
                    yield name, document, data, route


def survey(folder: str) -> tuple[int, dict[str, set[str]]]:
    """How many objects there are, and the codes of errors by file of those that were turned down."""
    count, refused = 0, dict[str, set[str]]()
    for name, document, data, route in objects(folder):
        found, findings = calico.read(document, data, route)
        count += 1
        if found is None:
            assert has_errors(findings)
            errors = {finding.check.code for finding in findings if has_errors([finding])}
            refused.setdefault(name, set()).update(errors)
    return count, refused


def test_the_corpus_of_real_policies_reads():
    count, refused = survey("corpus")
    assert refused == {DOCS + name: codes for name, codes in REFUSED.items()}
    assert count >= 145


def test_the_cases_with_known_answers_read():
    count, refused = survey("cases")
    assert refused == {NAMED_PORTS: {"RF730", "RF732"}}
    assert count >= 494
