"""What the platform team declares in the repositories of `monorepo`: the files of `policies/`."""

from __future__ import annotations

from collections.abc import Iterator

ENVIRONMENTS = ("dev", "staging", "prod")
OUTSIDE, INSIDE = 28, 6
"""Peers of the catalogue that are addresses: outside the organisation (`saas-0`…), in its own centres (`centre-0`…)."""
PODS = {
    "kube-dns": ("kube-system", "k8s-app: kube-dns", "dns", "[53/UDP, 53/TCP]"),
    "prometheus": ("monitoring", "app.kubernetes.io/name: prometheus", "http", "9090"),
    "ingress-gateway": ("ingress-system", "app.kubernetes.io/name: ingress-gateway", "https", "8443"),
    "kafka": ("data-platform", "app: kafka", "kafka", "9092"),
    "vault": ("secrets", "app: vault", "https", "8200"),
    "traces": ("monitoring", "app: otel-collector", "otlp", "4317"),
}
"""Peers that are pods: the namespace, a label, and the name and number of a port."""

_HEAD = "apiVersion: ringfence.dev/v1alpha1\nkind: {}\n"
_SETTINGS = """\
organisation: Example
repository:
  url: https://gitlab.example.com/platform/network-policies.git
  defaultBranch: main
owners:
  - "@example/platform"
"""
_CLUSTER = """\
environment: {environment}
server: https://{name}.example.com:6443
dialect: kubernetes
cni:
  name: cilium
networks:
  pods:
    - 10.{first}.0.0/15
  services:
    - 10.{second}.0.0/16
  nodes:
    - 10.{third}.0.0/16
"""
_PODS_PEER = """\
  {name}:
    description: Pods of the platform
    owner: platform
    namespace: {space}
    labels:
      {label}
    ports:
      {port}: {number}
"""
_ADDRESSES_PEER = """\
  {name}:
    description: Addresses that others publish
    owner: platform
    cidrs:
      - {cidr}
    world: {world}
    ports:
      https: 443
"""
_INTERNET = """\
peers:
  internet:
    description: Every public address
    owner: platform
    cidrs: [0.0.0.0/0]
    except: [10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16, 127.0.0.0/8, 224.0.0.0/3]
    ports:
      https: 443
"""
_BASELINE = """\
grants:
  - name: dns
    to: kube-dns
    ports: [dns]
    reason: Every pod resolves names
  - name: scrape
    from: prometheus
    ports: [metrics]
    reason: Metrics of every workload that has them
"""
_GUARDRAILS = """\
guardrails:
  - name: nothing-from-below-reaches-prod
    never:
      from:
        environments: [dev, staging]
      to:
        environments: [prod]
    reason: Tests must not touch customers
  - name: closed-to-others
    never:
      from:
        except: ["{closed}/*"]
      to:
        namespaces: [{closed}]
      ports: [5432]
    reason: Only its own team may read this data
  - name: world-only-by-name
    never:
      from: {{}}
      to:
        world: true
        except:
{named}
    reason: What leaves goes to a named service
"""
_WAIVER = """\
  - {what}
    subject: {subject}
    reason: Customers name any host
    approver: security@example.com
    expires: 2040-06-30
"""


def files(clusters: int, *, calls_out: str, closed: str) -> Iterator[tuple[str, str]]:
    """Paths and texts.

    `calls_out` is the flow to the internet, which is waived; `closed` the namespace that others may not call on 5432.
    """
    yield _file("ringfence", "Settings", _SETTINGS)
    for number in range(clusters):
        environment = ENVIRONMENTS[min(number, len(ENVIRONMENTS) - 1)]
        name = environment if number < len(ENVIRONMENTS) else f"prod-{number - 1}"
        first = number * 4
        text = _CLUSTER.format(environment=environment, name=name, first=first, second=first + 2, third=first + 3)
        yield _file(f"clusters/{name}", "Cluster", text)
    pods = (
        _PODS_PEER.format(name=name, space=space, label=label, port=port, number=number)
        for name, (space, label, port, number) in PODS.items()
    )
    yield _file("catalog/pods", "Catalog", "peers:\n" + "".join(pods))
    blocks = [(f"saas-{at}", f"198.51.{100 + at}.0/24", "true") for at in range(OUTSIDE)]
    blocks += [(f"centre-{at}", f"172.20.{at}.0/24", "false") for at in range(INSIDE)]
    addresses = (_ADDRESSES_PEER.format(name=name, cidr=cidr, world=world) for name, cidr, world in blocks)
    yield _file("catalog/addresses", "Catalog", "peers:\n" + "".join(addresses))
    yield _file("catalog/internet", "Catalog", _INTERNET)
    yield _file("baseline/platform", "Baseline", _BASELINE)
    named = "\n".join(f"          - saas-{at}" for at in range(OUTSIDE))
    yield _file("guardrails/platform", "Guardrails", _GUARDRAILS.format(closed=closed, named=named))
    waived = ("guardrail: world-only-by-name", "check: egress-to-world")
    waivers = (_WAIVER.format(what=what, subject=calls_out) for what in waived)
    yield _file("waivers/platform", "Waivers", "waivers:\n" + "".join(waivers))


def _file(name: str, kind: str, text: str) -> tuple[str, str]:
    return f"policies/{name}.yaml", _HEAD.format(kind) + text
