"""What is said about a NetworkPolicy: the place, the reason, the likely fix; and what a good one becomes."""

from __future__ import annotations

import pytest

from ringfence.findings import Finding
from ringfence.manifests import BlockPeer, NetworkPolicy, PodsPeer, PolicyPort, Requirement, Selector, parse
from ringfence.values.addresses import AddressSet

HEAD = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: shop}\nspec:\n"


def read(spec: str) -> tuple[NetworkPolicy | None, list[Finding]]:
    """`spec` is indented by two; its first line is line 5 of the file."""
    found = parse("np.yaml", (HEAD + spec).encode())
    return (found.policies[0] if found.policies else None), found.findings


def only(spec: str) -> Finding:
    _, (finding,) = read(spec)
    return finding


def test_a_good_policy():
    policy, findings = read(
        """\
  podSelector: {matchLabels: {app: api}, matchExpressions: [{key: tier, operator: NotIn, values: [b, a]}]}
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - podSelector: {matchLabels: {app: web}}
        - namespaceSelector: {}
          podSelector: {matchExpressions: [{key: x, operator: Exists}]}
        - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}
      ports:
        - port: 80
        - {port: web, protocol: UDP}
        - {port: 30000, endPort: 30100}
        - {protocol: SCTP}
    - {}
  egress: []
"""
    )
    assert findings == []
    assert policy
    assert policy.id == "shop/p"
    assert policy.selector.requirements == (
        Requirement("app", "In", ("api",)),
        Requirement("tier", "NotIn", ("a", "b")),
    )
    assert policy.egress == ()
    assert policy.ingress
    first, second = policy.ingress
    assert first.peers == (
        PodsPeer(Selector.of({"app": "web"}), None),
        PodsPeer(Selector((Requirement("x", "Exists"),)), Selector()),
        BlockPeer(AddressSet.of(["10.0.0.0/8"], ["10.1.0.0/16"]), "10.0.0.0/8 except 10.1.0.0/16"),
    )
    assert first.ports == (
        PolicyPort("TCP", 80, 80),
        PolicyPort("UDP", 0, 0, "web"),
        PolicyPort("TCP", 30000, 30100),
        PolicyPort("SCTP", 1, 65535),
    )
    assert (second.peers, second.ports, second.index) == ((), (), 1)
    assert [str(rule.where) for rule in policy.ingress] == ["np.yaml:8:7", "np.yaml:18:7"]
    assert str(policy.where) == "np.yaml:1:1"


@pytest.mark.parametrize(
    ("spec", "place", "said", "hint"),
    [
        ("  podSelector: {}\n  ingress: [{form: []}]\n", "6:14", "unknown field `form`", "did you mean `from`?"),
        ("  podselector: {}\n  podSelector: {}\n", "5:3", "unknown field `podselector`", "did you mean `podSelector`?"),
        ("  podSelector: {}\n  ingress: [{from: [{podSelector: {app: web}}]}]\n", "6:36", "`app`", "known: match"),
    ],
)
def test_unknown_fields(spec: str, place: str, said: str, hint: str):
    finding = only(spec)
    assert (finding.check.code, str(finding.where)) == ("RF702", f"np.yaml:{place}")
    assert said in finding.message
    assert hint in finding.hint
    assert finding.subject == "shop/p"


PORTS = "  podSelector: {}\n  ingress:\n    - ports:\n        - "
FROM = "  podSelector: {}\n  ingress:\n    - from:\n        - "
SELECT = "  podSelector:\n    matchExpressions:\n      - "


@pytest.mark.parametrize(
    ("spec", "place", "said"),
    [
        (PORTS + "port: 0\n", "8:17", "0 is neither a name nor a number from 1 to 65535"),
        (PORTS + "port: 65536\n", "8:17", "65536"),
        (PORTS + "port: true\n", "8:17", "True"),
        (PORTS + "port: 80.5\n", "8:17", "80.5"),
        (PORTS + 'port: "80"\n', "8:17", "has no letter"),
        (PORTS + "port: a--b\n", "8:17", "single `-`"),
        (PORTS + "port: abcdefghijklmnop\n", "8:17", "more than 15"),
        (PORTS + "{port: 80, endPort: 79}\n", "8:31", "`endPort` 79 is below `port` 80"),
        (PORTS + "{port: web, endPort: 79}\n", "8:32", "numeric `port`"),
        (PORTS + "{port: 80, endPort: 70000}\n", "8:31", "70000"),
        (PORTS + "{port: 80, protocol: tcp}\n", "8:32", "'tcp' is no protocol"),
        (PORTS + "[80]\n", "8:11", "a list where a mapping belongs"),
        (FROM + "{}\n", "8:11", "empty peer"),
        (FROM + "\n", "8:10", "empty peer"),
        (FROM + "{ipBlock: {cidr: 10.0.0.0/8}, namespaceSelector: {}}\n", "8:11", "`ipBlock` and a selector"),
        (FROM + "ipBlock: {}\n", "8:20", "`spec.ingress.0.from.0.ipBlock.cidr` is missing"),
        (FROM + "ipBlock: {cidr: 10.0.0.1/8}\n", "8:27", "the network is 10.0.0.0/8"),
        (FROM + "ipBlock: {cidr: 10.0.0.1}\n", "8:27", "no prefix length"),
        (FROM + "ipBlock: {cidr: 010.0.0.0/8}\n", "8:27", "not a CIDR"),
        (FROM + "ipBlock: {cidr: 10.0.0.0/08}\n", "8:27", "no prefix length"),
        (FROM + "ipBlock: {cidr: 10.0.0.0/255.0.0.0}\n", "8:27", "no prefix length"),
        (FROM + 'ipBlock: {cidr: "fe80::1%eth0/128"}\n', "8:27", "zone"),
        (FROM + 'ipBlock: {cidr: "::ffff:10.0.0.0/104"}\n', "8:27", "IPv4"),
        (FROM + "ipBlock: {cidr: 10.0.0.0/33}\n", "8:27", "not a CIDR"),
        (FROM + "ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}\n", "8:48", "not a smaller part"),
        (FROM + "ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}\n", "8:48", "not a smaller part"),
        (FROM + 'ipBlock: {cidr: 10.0.0.0/8, except: ["fd00::/16"]}\n', "8:48", "not a smaller part"),
        (FROM + "ipBlock: {cidr: 10.0.0.0/8, except: 10.1.0.0/16}\n", "8:47", "a text where a list belongs"),
        (FROM + "ipBlock: {cidr: 10.0.0.0/8, except: [null]}\n", "8:48", "empty"),
        (SELECT + "{key: a, operator: in, values: [x]}\n", "7:28", "'in' is no operator"),
        (SELECT + "{key: a, operator: In}\n", "7:9", "`In` needs at least one value"),
        (SELECT + "{key: a, operator: NotIn, values: []}\n", "7:9", "`NotIn` needs at least one value"),
        (SELECT + "{key: a, operator: Exists, values: [x]}\n", "7:44", "`Exists` takes no values"),
        (SELECT + "{operator: Exists}\n", "7:9", "key` is missing"),
        (SELECT + "{key: a}\n", "7:9", "operator` is missing"),
        (SELECT + "{key: a/b/c, operator: Exists}\n", "7:15", "'a/b/c'"),
        (SELECT + "{key: a, operator: In, values: [1]}\n", "7:41", "no text"),
        (SELECT + "{key: a, operator: In, values: [-x]}\n", "7:41", "'-x'"),
        ("  podSelector: {matchLabels: {a: 1}}\n", "5:34", "label `a` is a number where a text belongs"),
        ("  podSelector: {matchLabels: {a: null}}\n", "5:34", "label `a` is nothing"),
        ("  podSelector: {matchLabels: {A_/x: b}}\n", "5:37", "prefix 'A_'"),
        ("  podSelector: {matchLabels: {a: " + "x" * 64 + "}}\n", "5:34", "64 characters"),
        ("  podSelector: []\n", "5:16", "a list where a mapping belongs"),
        ("  podSelector: {}\n  policyTypes: [ingress]\n", "6:17", "'ingress' is no policy type"),
        ("  podSelector: {}\n  policyTypes: [Ingress, Egress, Egress]\n", "6:16", "at most two"),
        ("  podSelector: {}\n  policyTypes: Ingress\n", "6:16", "a text where a list belongs"),
    ],
)
def test_refused_values(spec: str, place: str, said: str):
    policy, (finding,) = read(spec)
    assert policy is None
    assert (finding.check.code, str(finding.where)) == ("RF701", f"np.yaml:{place}")
    assert said in finding.message


@pytest.mark.parametrize(
    ("spec", "code", "place"),
    [
        ("  podSelector: {}\n  ingress: [{from: []}]\n", "RF710", "6:14"),
        ("  podSelector: {}\n  ingress: [{ports: []}]\n", "RF710", "6:14"),
        ("  podSelector: {}\n  policyTypes: [Egress]\n  egress: [{to: []}]\n", "RF710", "7:13"),
        ("  podSelector: {}\n  policyTypes: [Ingress]\n  egress: []\n", "RF711", "7:3"),
        ("  podSelector: {}\n  policyTypes: [Egress]\n  ingress: [{}]\n", "RF711", "7:3"),
        ("  podSelector: {}\n  egress: []\n", "RF711", "6:3"),
        ("  policyTypes: [Ingress]\n", "RF712", "4:1"),
        ("  podSelector:\n", "RF712", "4:1"),
        ("  podSelector: {}\n  policyTypes: [Egress, Egress]\n", "RF713", "6:3"),
    ],
)
def test_accepted_and_hardly_meant(spec: str, code: str, place: str):
    policy, (finding,) = read(spec)
    assert policy is not None
    assert (finding.check.code, finding.severity, str(finding.where)) == (code, "warning", f"np.yaml:{place}")


@pytest.mark.parametrize("spec", ["  podSelector: {}\n  policyTypes: []\n", "  podSelector: {}\n  policyTypes: null\n"])
def test_empty_policy_types_are_defaulted(spec: str):
    policy, findings = read(spec)
    assert findings == []
    assert policy
    assert (policy.ingress, policy.egress) == ((), None)


def test_every_fault_of_one_object_is_told():
    _, findings = read("  podSelector: {matchLabels: {a: 1, b: 2}}\n  ingress: [{ports: [{port: 0}, {port: 70000}]}]\n")
    assert [str(finding.where) for finding in findings] == [f"np.yaml:{p}" for p in ("5:34", "5:40", "6:29", "6:40")]


@pytest.mark.parametrize(
    ("head", "said", "kept"),
    [
        ("metadata: {name: Upper}", "no DNS name", True),
        ("metadata: {name: a, namespace: a.b}", "no DNS label", True),
        ("metadata: {namespace: a}", "no name", False),
        ("metadata: {generateName: a-}", "no name", False),
        ("metadata: {name: 7}", "`metadata.name` is a number", False),
        ("metadata: []", "`metadata` is a list", False),
        ("metadata: {name: a, labels: {x: a b}}", "'a b'", False),
        ("metadata: {name: a, annotations: {x: 1}}", "annotation `x`", False),
        ("metadata: {name: a, annotations: {x: " + "y" * (256 * 1024) + "}}", "256 KiB", False),
        ("metadata: {name: a, lables: {}}", "unknown field `lables`", False),
    ],
)
def test_metadata(head: str, said: str, kept: bool):
    text = f"apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n{head}\nspec: {{podSelector: {{}}}}\n"
    found = parse("np.yaml", text.encode())
    (finding,) = found.findings
    assert said in finding.message
    assert finding.severity == "error"
    assert (len(found.policies), len(found.opaque)) == ((1, 0) if kept else (0, 1))


@pytest.mark.parametrize("version", ["networking.k8s.io/v2", "networking.k8s.io/v1beta1", "extensions/v1beta1", "v1"])
def test_other_versions_of_networkpolicy_are_refused(version: str):
    found = parse(
        "np.yaml", f"apiVersion: {version}\nkind: NetworkPolicy\nmetadata: {{name: a, namespace: shop}}\n".encode()
    )
    assert [(f.check.code, f.hint) for f in found.findings] == [("RF701", "write networking.k8s.io/v1")]
    assert [(item.namespace, item.may_deny) for item in found.opaque] == [("shop", False)]
