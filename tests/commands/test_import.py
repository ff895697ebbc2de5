"""`ringfence import`: declarations and adopted policies from manifests, proven equal, and accepted by every command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ringfence import cli

SHARED = Path(__file__).parents[2].parent / "shared"
APPS, CORPUS, CASES = SHARED / "apps", SHARED / "oracles" / "corpus", SHARED / "oracles" / "cases"


needs_apps = pytest.mark.skipif(not APPS.is_dir(), reason="../shared/apps is not there")

NAMESPACES = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {team: sellers}}
---
apiVersion: v1
kind: Namespace
metadata: {name: pay, labels: {team: sellers}}
"""


def deployment(name: str, namespace: str = "shop", labels: str = "", ports: str = "") -> str:
    return f"""\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: {namespace}}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{{labels or f"app: {name}"}}}}}
    spec: {{containers: [{{name: main, image: x, ports: [{ports}]}}]}}
"""


def policy(name: str, spec: str, namespace: str = "shop") -> str:
    return f"""\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{name: {name}, namespace: {namespace}}}
spec: {spec}
"""


def put(folder: Path, *documents: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "all.yaml").write_text("---\n".join(documents), encoding="utf-8")
    return folder


class Ran:
    """One run of the command, with what it printed as JSON."""

    def __init__(self, capsys: pytest.CaptureFixture[str], manifests: Path, into: Path, *options: str) -> None:
        self.into = into
        self.code = cli.main(
            ["import", "--manifests", str(manifests), "--into", str(into), "--format", "json", *options]
        )
        self.data: dict[str, Any] = json.loads(capsys.readouterr().out)

    def flows(self) -> dict[str, list[tuple[str, str, int]]]:
        return {
            flow["id"]: [(rule["policy"], rule["direction"], rule["index"]) for rule in flow["rules"]]
            for flow in self.data["flows"]
        }

    def kinds(self) -> list[str]:
        return [rule["kind"] for rule in self.data["rules"]["kept"]]

    def file(self, path: str) -> str:
        return (self.into / path).read_text(encoding="utf-8")


def accepted(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The repository passes what a pipeline runs."""
    for command in (["validate"], ["fmt", "--check"], ["render", "--check"], ["owners", "--check"], ["verify"]):
        code = cli.main([*command, "-C", str(repository)])
        printed = capsys.readouterr()
        assert code == 0, (command, printed.out, printed.err)


@needs_apps
@pytest.mark.parametrize("cni", ["calico", "cilium", "kubernetes-generic"])
def test_online_boutique(tmp_path: Path, capsys: pytest.CaptureFixture[str], cni: str) -> None:
    ran = Ran(capsys, APPS / "online-boutique", tmp_path / "new", "--namespace", "shop", "--cni", cni)
    assert ran.code == 0
    assert ran.data["proof"] == {"equal": True, "compared": 12, "differences": [], "above": [], "unknownPods": []}
    assert (ran.data["rules"]["flows"], ran.data["rules"]["total"]) == (10, 23)
    assert set(ran.kinds()) == {"everyone"}
    assert ran.flows()["shop/to-productcatalogservice"] == [("shop/productcatalogservice", "ingress", 0)]
    assert ran.data["permissive"] == {}
    assert "workloads:\n  adservice:\n    labels:\n      app: adservice\n    ports:\n      grpc: 9555\n" in ran.file(
        "teams/shop/shop/namespace.yaml"
    )
    assert (
        "  - name: to-productcatalogservice\n    from:\n      - checkoutservice\n      - frontend\n"
        "      - recommendationservice\n    to: productcatalogservice\n    ports:\n      - grpc\n"
    ) in ran.file("teams/shop/shop/flows.yaml")
    accepted(ran.into, capsys)


@needs_apps
def test_bank_of_anthos_stays_open(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = Ran(capsys, APPS / "bank-of-anthos", tmp_path / "new", "--namespace", "bank")
    assert ran.code == 0
    assert ran.data["proof"] == {"equal": True, "compared": 9, "differences": [], "above": [], "unknownPods": []}
    assert ran.data["permissive"] == {"bank": ["ingress", "egress"]}
    accepted(ran.into, capsys)


def test_a_flow_for_each_end_and_names_for_blocks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifests = put(
        tmp_path / "in",
        NAMESPACES,
        deployment("web", ports="{name: http, containerPort: 8080}"),
        deployment("cart"),
        deployment("api", "pay", ports="{name: https, containerPort: 8443}"),
        policy("closed", "{podSelector: {}, policyTypes: [Ingress, Egress]}"),
        policy("closed", "{podSelector: {}, policyTypes: [Ingress, Egress]}", "pay"),
        policy(
            "web",
            """
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress, Egress]
  ingress:
    - from: [{ipBlock: {cidr: 203.0.113.0/24}}]
      ports: [{port: http}]
  egress:
    - to:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: pay}}
          podSelector: {matchLabels: {app: api}}
      ports: [{port: 8443}]
    - to:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: kube-system}}
          podSelector: {matchLabels: {k8s-app: kube-dns}}
      ports: [{protocol: UDP, port: 53}, {port: 53}]""",
        ),
        policy(
            "api",
            """
  podSelector: {matchLabels: {app: api}}
  ingress:
    - from:
        - namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}
          podSelector: {matchLabels: {app: web}}
      ports: [{port: https}]""",
            "pay",
        ),
    )
    ran = Ran(capsys, manifests, tmp_path / "new", "--cni", "calico", "--pods", "10.8.0.0/14", "--team-label", "team")
    assert (ran.code, ran.data["adopted"], ran.data["permissive"]) == (0, [], {})
    assert ran.data["teams"] == {"sellers": ["pay", "shop"]}
    assert ran.data["peers"] == ["kube-dns", "net-203-0-113-0-24"]
    assert ran.flows() == {
        "shop/net-203-0-113-0-24-to-web": [("shop/web", "ingress", 0)],
        "shop/web-to-api": [("pay/api", "ingress", 0), ("shop/web", "egress", 0)],
        "shop/web-to-kube-dns": [("shop/web", "egress", 1)],
    }
    assert ran.data["rules"]["share"] == 1
    assert "    to: pay/api\n    ports:\n      - https\n" in ran.file("teams/sellers/shop/flows.yaml")
    accepted(ran.into, capsys)


RULES = {
    "everyone": ("{podSelector: {matchLabels: {app: web}}, ingress: [{ports: [{port: 80}]}]}", "everyone"),
    "all pods": (
        "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}",
        "over-wide-selector",
    ),
    "several": (
        "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {tier: back}}}]}]}",
        "over-wide-selector",
    ),
    "itself": (
        (
            "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], "
            "ports: [{port: 80}]}]}"
        ),
        "self",
    ),
    "every port": (
        "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{podSelector: {matchLabels: {app: one}}}]}]}",
        "every-port",
    ),
    "no such namespace": (
        "{podSelector: {matchLabels: {app: web}}, ingress: [{from: [{namespaceSelector: {matchLabels: {a: b}}}]}]}",
        "no-namespace",
    ),
    "a name of no port": (
        (
            "{podSelector: {matchLabels: {app: web}}, egress: [{to: [{podSelector: {matchLabels: {app: one}}}], "
            "ports: [{port: dns}]}], policyTypes: [Egress]}"
        ),
        "port-name",
    ),
}


@pytest.mark.parametrize("case", RULES)
def test_what_no_flow_says_stays_adopted(tmp_path: Path, capsys: pytest.CaptureFixture[str], case: str) -> None:
    spec, kind = RULES[case]
    manifests = put(
        tmp_path / "in",
        NAMESPACES,
        deployment("web"),
        deployment("one", labels="app: one, tier: back"),
        deployment("two", labels="app: two, tier: back"),
        policy("odd", spec),
    )
    ran = Ran(capsys, manifests, tmp_path / "new", "--cni", "calico")
    assert ran.kinds() == [kind]
    assert (ran.code, ran.data["flows"], ran.data["proof"]["equal"]) == (0, [], True)
    assert ran.data["proof"]["unknownPods"] == []
    assert "policies/adopted/prod/shop/odd.yaml" in ran.data["files"]
    accepted(ran.into, capsys)


def test_a_rule_without_effect_opens_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifests = put(
        tmp_path / "in",
        deployment("web"),
        deployment("cart"),
        policy("shut", "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress]}"),
        policy(
            "cart",
            "{podSelector: {matchLabels: {app: cart}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], "
            "ports: [{port: 80}]}]}",
        ),
    )
    ran = Ran(capsys, manifests, tmp_path / "new")
    assert (ran.kinds(), ran.data["flows"], ran.data["proof"]["equal"]) == (["no-effect"], [], True)
    # the egress of cart and the ingress of web stay open, and so do other pods of the namespace
    assert sorted((item["id"], item["keepsOpen"]) for item in ran.data["adopted"]) == [
        ("NetworkPolicy shop/cart", None),
        ("NetworkPolicy shop/open-egress", "egress"),
        ("NetworkPolicy shop/open-ingress", "ingress"),
    ]
    accepted(ran.into, capsys)
    tight = Ran(capsys, manifests, tmp_path / "tight", "--tighten")
    assert (tight.kinds(), tight.data["rules"]["dropped"], tight.data["proof"]["equal"]) == ([], 1, True)


def test_tighten_narrows_and_lists(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifests = put(
        tmp_path / "in",
        NAMESPACES,
        deployment("web", ports="{name: http, containerPort: 8080}"),
        deployment("cart", ports="{name: grpc, containerPort: 7070}"),
        policy(
            "all",
            "{podSelector: {}, policyTypes: [Ingress, Egress], ingress: [{from: [{podSelector: {}}]}], egress: [{}]}",
        ),
        policy(
            "cart",
            "{podSelector: {matchLabels: {app: cart}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}",
        ),
    )
    wide = Ran(capsys, manifests, tmp_path / "wide", "--cni", "calico")
    assert (wide.code, wide.data["proof"]["equal"], wide.data["proof"]["unknownPods"]) == (0, True, [])
    tight = Ran(capsys, manifests, tmp_path / "tight", "--cni", "calico", "--tighten")
    assert not tight.data["proof"]["equal"]
    rows = {(item["source"], item["destination"]): item["allowed"] for item in tight.data["proof"]["differences"]}
    assert rows["shop/web[Deployment]", "shop/cart[Deployment]"][1] == {"TCP": [[7070, 7070]]}
    assert tight.data["proof"]["unknownPods"]
    accepted(tight.into, capsys)


def test_workloads_that_only_policies_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifests = put(
        tmp_path / "in",
        policy(
            "db",
            "{podSelector: {matchLabels: {app: db}}, policyTypes: [Ingress], ingress: "
            "[{from: [{podSelector: {matchLabels: {app: web}}}], ports: [{port: 5432}]}]}",
        ),
    )
    ran = Ran(capsys, manifests, tmp_path / "new")
    assert ran.flows() == {"shop/web-to-db": [("shop/db", "ingress", 0)]}
    assert [item["id"] for item in ran.data["workloads"]] == ["shop/db", "shop/web"]
    assert (ran.code, ran.data["proof"]["equal"], ran.data["proof"]["unknownPods"]) == (0, True, [])
    accepted(ran.into, capsys)


OTHERS = """\
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: no-ssh}
spec:
  selector: all()
  order: 10.5
  types: [Ingress]
  ingress: [{action: Deny, protocol: TCP, destination: {ports: [22]}}, {action: Allow}]
---
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: cart, namespace: shop}
spec:
  selector: app == 'cart'
  types: [Egress]
  egress: [{action: Allow, destination: {nets: [10.0.0.0/8]}}]
"""


PLAIN_CALICO = """\
apiVersion: projectcalico.org/v3
kind: NetworkPolicy
metadata: {name: cart, namespace: shop}
spec:
  selector: app == 'cart'
  types: [Ingress, Egress]
  ingress:
    - {action: Allow, protocol: TCP, source: {selector: app == 'web'}, destination: {ports: [7070]}}
  egress:
    - {action: Allow, protocol: TCP, destination: {nets: [203.0.113.0/24], ports: [443]}}
    - {action: Allow, protocol: ICMP}
"""
PLAIN_CILIUM = """\
apiVersion: cilium.io/v2
kind: CiliumNetworkPolicy
metadata: {name: cart, namespace: shop}
spec:
  endpointSelector: {matchLabels: {app: cart}}
  ingress:
    - fromEndpoints: [{matchLabels: {app: web}}]
      toPorts: [{ports: [{port: "7070", protocol: TCP}]}]
  egress:
    - toCIDR: [203.0.113.0/24]
      toPorts: [{ports: [{port: "443", protocol: TCP}]}]
    - toEntities: [kube-apiserver]
"""


@pytest.mark.parametrize("text", [PLAIN_CALICO, PLAIN_CILIUM], ids=["calico", "cilium"])
def test_plain_rules_of_other_dialects_become_flows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    ran = Ran(capsys, put(tmp_path / "in", deployment("web"), deployment("cart"), text), tmp_path / "new")
    assert (ran.code, ran.data["proof"]["equal"]) == (0, True)
    assert sorted(ran.flows()) == ["shop/cart-to-net-203-0-113-0-24", "shop/web-to-cart"]
    assert (ran.data["rules"]["flows"], ran.kinds()) == (2, ["dialect"])
    (path,) = [item["file"] for item in ran.data["adopted"] if not item["keepsOpen"]]
    kept = ran.file(path)
    assert ("ICMP" in kept or "kube-apiserver" in kept, "203.0.113.0" in kept, "7070" in kept) == (True, False, False)
    accepted(ran.into, capsys)


def test_other_dialects_stay_adopted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = Ran(capsys, put(tmp_path / "in", deployment("web"), deployment("cart"), OTHERS), tmp_path / "new")
    assert (ran.code, ran.data["proof"]["equal"]) == (0, True)
    assert "policies/adopted/prod/_cluster/no-ssh.globalnetworkpolicy.projectcalico.org.yaml" in ran.data["files"]
    accepted(ran.into, capsys)


def test_what_the_server_refuses_is_left_out_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifests = put(
        tmp_path / "in",
        deployment("web"),
        policy("bad", "{podSelector: {}, ingress: [{from: [{}]}]}"),
        policy("../../up", "{podSelector: {}}"),
        policy("twice", "{podSelector: {}}"),
        policy("twice", "{podSelector: {matchLabels: {a: b}}}"),
    )
    ran = Ran(capsys, manifests, tmp_path / "new")
    assert ran.code == 1
    assert [(item["what"], item["why"].split(":")[0].split(";")[0]) for item in ran.data["leftOut"]] == [
        ("NetworkPolicy shop/bad", "the API server refuses it"),
        ("NetworkPolicy shop/../../up", "the API server refuses its name, '../../up'"),
        ("NetworkPolicy shop/twice", "declared twice"),
    ]
    accepted(ran.into, capsys)


def test_default_and_system_namespaces_get_no_team(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifests = put(
        tmp_path / "in",
        deployment("web"),
        deployment("dns", "kube-system"),
        policy("dns", "{podSelector: {matchLabels: {app: dns}}, ingress: [{}]}", "kube-system"),
    )
    ran = Ran(capsys, manifests, tmp_path / "new")
    assert (ran.code, list(ran.data["teams"]), ran.kinds()) == (0, ["shop"], ["no-team"])
    assert [item["workload"] for item in ran.data["undeclared"]] == ["kube-system/dns[Deployment]"]
    rendered = "policies/rendered/overlays/prod/_cluster/adopted.networkpolicy.networking.k8s.io.kube-system.dns.yaml"
    assert 'ringfence.dev/adopted: "true"' in ran.file(rendered)
    accepted(ran.into, capsys)


def test_a_repository_is_added_to_and_nothing_of_it_is_touched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = put(tmp_path / "a", deployment("web"))
    second = put(
        tmp_path / "b", deployment("api", "pay"), policy("api", "{podSelector: {matchLabels: {app: api}}}", "pay")
    )
    repository = Ran(capsys, first, tmp_path / "new", "--cluster", "one").into
    before = {path: path.read_bytes() for path in repository.rglob("*") if path.is_file()}
    ran = Ran(capsys, second, repository, "--cluster", "two", "--environment", "test")
    assert (ran.code, ran.data["proof"]["equal"]) == (0, True)
    assert {path: path.read_bytes() for path in before} == before
    assert not any(path.startswith("policies/rendered") for path in ran.data["files"])
    assert cli.main(["render", "-C", str(repository)]) == 0
    assert cli.main(["owners", "-C", str(repository)]) == 0
    capsys.readouterr()
    accepted(repository, capsys)


def test_a_dry_run_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ran = Ran(capsys, put(tmp_path / "in", deployment("web")), tmp_path / "new", "--dry-run")
    assert (ran.code, ran.data["written"], ran.into.exists()) == (0, False, False)
    assert "policies/ringfence.yaml" in ran.data["files"]


@pytest.mark.parametrize(
    ("prepare", "options", "message"),
    [
        (lambda into: put(into, "a: b"), [], "is no repository of Ringfence"),
        (lambda into: into.write_text("x"), [], "is not a folder"),
        (lambda _: None, ["--cluster", "Prod_EU"], "is no DNS label"),
        (lambda _: None, ["--cni", "calcio"], "did you mean `calico`?"),
        (lambda _: None, ["--pods", "10.0.0.1/8"], "host bits"),
    ],
)
def test_bad_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], prepare: Any, options: list[str], message: str
) -> None:
    prepare(tmp_path / "new")
    manifests = put(tmp_path / "in", deployment("web"))
    code = cli.main(["import", "--manifests", str(manifests), "--into", str(tmp_path / "new"), *options])
    assert code == 2
    assert message in capsys.readouterr().err


def test_what_a_forge_puts_into_a_new_project_is_no_hindrance(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    into = tmp_path / "new"
    into.mkdir()
    for name in ("README.md", "LICENSE", ".gitignore"):
        (into / name).write_text(name)
    assert cli.main(["import", "--manifests", str(put(tmp_path / "in", deployment("web"))), "--into", str(into)]) == 0
    assert "0 of 0 rules became flows\n" in capsys.readouterr().out
    assert (into / "README.md").read_text() == "README.md"


def test_text_says_the_share_and_the_proof(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifests = put(tmp_path / "in", deployment("web"), policy("web", RULES["everyone"][0]))
    assert cli.main(["import", "--manifests", str(manifests), "--into", str(tmp_path / "new")]) == 0
    printed = capsys.readouterr().out
    assert "0 of 1 rule became flows (0 %)" in printed
    assert "1      rules for everyone" in printed
    assert "equal: 1 workload and every address outside may talk as before" in printed


@pytest.mark.skipif(not CORPUS.is_dir(), reason="../shared/oracles/corpus is not there")
def test_every_source_of_the_corpus(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = flows = sources = 0
    for folder in sorted(path for path in CORPUS.iterdir() if path.is_dir()):
        options = ["--namespace", "imported", "--format", "json", "--dry-run"]
        code = cli.main(["import", "--manifests", str(folder), "--into", str(tmp_path / folder.name), *options])
        printed = capsys.readouterr()
        if code == 2:
            said = "no workload and no policy" in printed.err or "it cannot be adopted: RF703" in printed.err
            assert said, (folder.name, printed.err)
            continue
        data = json.loads(printed.out)
        assert data["findings"] == [], folder.name
        assert data["proof"]["equal"], folder.name
        sources += 1
        rules += data["rules"]["total"]
        flows += data["rules"]["flows"]
    print(f"{sources} sources: {flows} of {rules} rules became flows")
    assert sources >= 39
    assert rules >= 1400
    assert flows >= 90


@pytest.mark.skipif(not CASES.is_dir(), reason="../shared/oracles/cases is not there")
def test_clusters_with_known_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = sorted(CASES.rglob("case.json"))[::20]
    imported = 0
    for file in cases:
        inputs = json.loads(file.read_text(encoding="utf-8"))["inputs"]
        options = ["--namespace", "imported", "--format", "json", "--dry-run"]
        code = cli.main(
            ["import", "--manifests", str(file.parent / inputs[0]), "--into", str(tmp_path / "x"), *options]
        )
        printed = capsys.readouterr()
        if code != 2:
            data = json.loads(printed.out)
            assert (data["findings"], data["proof"]["equal"]) == ([], True), file
            imported += 1
    assert imported > len(cases) // 2


def test_help_needs_no_engine() -> None:
    code = "import sys; from ringfence import cli\ntry: cli.main(['import', '--help'])\nexcept SystemExit: pass\n"
    code += "print([name for name in ('ringfence.connectivity', 'yaml', 'jinja2') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_policies_without_a_team_are_a_repository_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifests = put(tmp_path / "in", policy("db", "{podSelector: {matchLabels: {app: db}}}", "default"))
    ran = Ran(capsys, manifests, tmp_path / "new")
    assert (ran.code, ran.data["teams"], len(ran.data["adopted"])) == (0, {}, 1)
    accepted(ran.into, capsys)
    assert cli.main(["lint", "-C", str(ran.into)]) == 0


def test_what_validate_refuses_is_not_adopted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    antrea = policy("drop", "{priority: 5, appliedTo: [{podSelector: {}}], ingress: [{action: Drop}]}")
    antrea = antrea.replace("networking.k8s.io/v1", "crd.antrea.io/v1beta1")
    manifests = put(tmp_path / "in", deployment("web"), policy("web", RULES["everyone"][0]), antrea)
    ran = Ran(capsys, manifests, tmp_path / "new")
    assert (ran.code, ran.data["proof"]["equal"]) == (1, True)
    ((what, why),) = [(item["what"], item["why"]) for item in ran.data["leftOut"]]
    assert (what, why.split(": ")[:2]) == (
        "NetworkPolicy shop/drop",
        ["it cannot be adopted", "RF703 policy-kind-not-modelled"],
    )
    assert not any("drop" in path for path in ran.data["files"])
    accepted(ran.into, capsys)


TIERED = [
    NAMESPACES,
    deployment("db", labels="app: db, tier: back"),
    deployment("web"),
    policy(
        "back",
        "{podSelector: {matchLabels: {tier: back}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}], "
        "ports: [{port: 5432}]}]}",
    ),
]


def test_a_workload_is_declared_by_the_labels_that_policies_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = Ran(capsys, put(tmp_path / "in", *TIERED), tmp_path / "new")
    assert (ran.code, ran.data["restated"], list(ran.flows())) == (0, [], ["shop/web-to-db"])
    labels = {item["id"]: item["labels"] for item in ran.data["workloads"]}
    assert labels == {"shop/db": {"tier": "back"}, "shop/web": {"app": "web"}}
    accepted(ran.into, capsys)


def test_what_changes_for_pods_that_nobody_declared_is_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = policy(
        "db",
        "{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{namespaceSelector: {matchLabels: {env: x}}, "
        "podSelector: {matchLabels: {app: api}}}], ports: [{port: 5433}]}]}",
    )
    other = "apiVersion: v1\nkind: Namespace\nmetadata: {name: far, labels: {env: x}}\n"
    manifests = put(tmp_path / "in", *TIERED, twice, other, deployment("api", "far"))
    ran = Ran(capsys, manifests, tmp_path / "new")
    assert (ran.code, ran.data["proof"]["equal"], len(ran.data["flows"])) == (0, True, 2)
    back, db = ({"policy": f"shop/{name}", "direction": "ingress", "index": 0} for name in ("back", "db"))
    assert ran.data["restated"] == [
        {"what": "namespaces with env=x", "workloads": [], "namespaces": ["far"], "rules": [db]},
        {
            "what": "pods with tier=back of shop",
            "workloads": [{"id": "shop/db", "labels": {"app": "db"}}],
            "namespaces": [],
            "rules": [back],
        },
    ]
    assert cli.main(["import", "--manifests", str(manifests), "--into", str(tmp_path / "again")]) == 0
    assert (
        "2 selectors said otherwise, so pods that no manifest declares change:\n"
        "  ~ namespaces with env=x  now: namespace far · because of shop/db ingress[0]\n"
        "  ~ pods with tier=back of shop  now: shop/db (app=db) · because of shop/back ingress[0]\n"
    ) in capsys.readouterr().out


def test_what_is_not_read_and_what_is_one_workload_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rollout = deployment("roll").replace("apps/v1", "argoproj.io/v1alpha1").replace("Deployment", "Rollout")
    mesh = policy("deny", "{}").replace("networking.k8s.io", "security.istio.io")
    mesh = mesh.replace("NetworkPolicy", "AuthorizationPolicy")
    twins = deployment("one", labels="app: same"), deployment("two", labels="app: same")
    manifests = put(tmp_path / "in", *twins, rollout, mesh)
    ran = Ran(capsys, manifests, tmp_path / "new")
    assert ran.code == 0
    assert [(item["kind"], item["count"], item["why"].split(";")[0]) for item in ran.data["passedOver"]] == [
        ("Rollout.argoproj.io", 1, "a kind that is not known has a template of pods"),
        (
            "AuthorizationPolicy.security.istio.io",
            1,
            "it may stop or redirect connections (RF715), is not evaluated, and stays in the cluster as it is",
        ),
    ]
    assert [(item["workload"], item["count"]) for item in ran.data["merged"]] == [("shop/one", 2)]
    assert cli.main(["import", "--manifests", str(manifests), "--into", str(tmp_path / "again")]) == 0
    printed = capsys.readouterr().out
    assert "\nnot read: 1 Rollout.argoproj.io (all.yaml:19:1): a kind that is not known" in printed
    assert "\nnot read: 1 AuthorizationPolicy.security.istio.io (all.yaml:28:1): it may stop" in printed
    assert "shop/one stands for 2, since no label tells their pods apart: shop/one[Deployment], shop/two" in printed


def test_a_placeholder_for_pods_is_named_where_a_check_judges_by_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spec = "{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, "
    spec += "except: [10.0.0.0/8]}}], ports: [{port: 443}]}]}"
    manifests = put(tmp_path / "in", deployment("web"), policy("out", spec))
    ran = Ran(capsys, manifests, tmp_path / "new", "--cni", "calico")
    (kept,) = ran.data["rules"]["kept"]
    assert kept["why"].startswith("RF133 block-in-cluster: ")
    assert kept["why"].endswith("192.0.2.0/24 only stands for its pods: give their addresses with --pods")
    ran = Ran(capsys, manifests, tmp_path / "known", "--cni", "calico", "--pods", "10.8.0.0/14")
    assert (ran.code, ran.data["rules"]["flows"]) == (0, 1)


def test_what_cannot_be_read_is_named_where_nothing_else_is_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("a: [\n", encoding="utf-8")
    assert cli.main(["import", "--manifests", str(bad), "--into", str(tmp_path / "new")]) == 2
    printed = capsys.readouterr().err
    assert "the manifests hold no workload and no policy\n" in printed
    assert "bad.yaml:2:1: a document of " in printed


def test_ties_that_are_not_kept_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    owned = policy("web", RULES["everyone"][0]).replace(
        "name: web,",
        "name: web, finalizers: [a.example/b], ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: x, uid: u1}],",
    )
    manifests = put(tmp_path / "in", deployment("web"), owned)
    assert cli.main(["import", "--manifests", str(manifests), "--into", str(tmp_path / "new")]) == 0
    assert "adopted without its ownerReferences and finalizers: NetworkPolicy shop/web\n" in capsys.readouterr().out
    kept = (tmp_path / "new/policies/adopted/prod/shop/web.yaml").read_text(encoding="utf-8")
    assert "# Without its ownerReferences and finalizers: what made it may write or delete it still.\n" in kept


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (
            OTHERS,
            "its action is Deny; its policy has the order 10.5 among others; its policy is one of the whole cluster",
        ),
        (PLAIN_CALICO, "it is about ICMP"),
        (PLAIN_CILIUM, "it is for the entity kube-apiserver"),
    ],
    ids=["deny", "icmp", "entity"],
)
def test_reasons_name_what_the_rule_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, why: str
) -> None:
    ran = Ran(capsys, put(tmp_path / "in", deployment("web"), deployment("cart"), text), tmp_path / "new")
    assert why in [item["why"] for item in ran.data["rules"]["kept"]]


def test_names_that_would_move_a_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifests = put(tmp_path / "in", policy('"p\\u001b[31m"', "{podSelector: {}}"))
    assert cli.main(["import", "--manifests", str(manifests), "--into", str(tmp_path / "new")]) == 2
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert "NetworkPolicy shop/p\\x1b[31m" in said


def cilium_policy(name: str, spec: str) -> str:
    return policy(name, spec).replace("networking.k8s.io/v1", "cilium.io/v2").replace(": Network", ": CiliumNetwork")


GET = cilium_policy(
    "api",
    "{endpointSelector: {matchLabels: {app: api}}, ingress: [{fromEndpoints: [{matchLabels: {app: web}}], "
    "toPorts: [{ports: [{port: '80', protocol: TCP}], rules: {http: [{method: GET}]}}]}]}",
)
PLAIN = cilium_policy(
    "web",
    "{endpointSelector: {matchLabels: {app: web}}, egress: [{toEndpoints: [{matchLabels: {app: api}}], "
    "toPorts: [{ports: [{port: '80', protocol: TCP}]}]}]}",
)


def test_no_flow_lifts_what_is_restricted_above_its_ports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A flow opens both directions, and a rule without requests beside one with them allows every request."""
    manifests = put(tmp_path / "in", deployment("web"), deployment("api"), GET, PLAIN)
    ran = Ran(capsys, manifests, tmp_path / "new", "--cni", "cilium")
    assert (ran.code, ran.data["proof"]["equal"], list(ran.flows())) == (0, True, [])
    assert ran.kinds() == ["dialect", "dialect"]
    (why,) = {rule["why"] for rule in ran.data["rules"]["kept"] if rule["direction"] == "egress"}
    assert why == (
        "shop/web → shop/api is restricted above its ports (http on 80/TCP), and a flow, which opens both directions, "
        "would lift that"
    )
    accepted(ran.into, capsys)
