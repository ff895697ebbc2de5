import pytest

from ringfence.findings import Location
from small_repository import HEADER, codes, flows, load, only, place, small

DEV, STAGING = (f"policies/clusters/{name}.yaml" for name in ("dev", "staging"))


def _staging(extra: str = 'namespacePattern: "{namespace}-{environment}"\n') -> str:
    return small()[DEV].replace("environment: dev\n", f"environment: staging\nkubernetesCluster: dev\n{extra}")


@pytest.mark.parametrize(
    ("name", "id_", "matches", "enforces"),
    [
        ("calico", "calico@3.32", True, True),
        ("antrea", "antrea", True, True),
        ("kube-router", "kube-router", True, True),
        ("ovn-kubernetes", "ovn-kubernetes", True, True),
        ("cilium", "cilium@1.20", False, True),
        ("flannel", "flannel", None, False),
        ("weave", "weave", None, True),
        ("kubernetes-generic", "kubernetes-generic", None, True),
    ],
)
def test_a_plugin_is_that_of_its_profile(name: str, id_: str, matches: bool | None, enforces: bool) -> None:
    model, findings = load({DEV: small()[DEV].replace("calico", name)})
    assert findings == []
    assert model is not None
    plugin = model.clusters["dev"].cni
    assert (plugin.id, plugin.ip_blocks_match_pods, plugin.enforces) == (id_, matches, enforces)
    assert plugin.where == Location(DEV, 5, 13)


@pytest.mark.parametrize("own", [True, False])
def test_a_cluster_knows_better_than_the_profile(own: bool) -> None:
    text = small()[DEV].replace("name: calico", f"name: cilium, ipBlocksMatchPods: {str(own).lower()}")
    model, findings = load({DEV: text})
    assert findings == []
    assert model is not None
    assert model.clusters["dev"].cni.ip_blocks_match_pods is own


def test_a_cluster_as_resolved() -> None:
    model, findings = load({STAGING: _staging()})
    assert findings == []
    assert model is not None
    assert list(model.clusters) == ["dev", "prod", "staging"]
    staging = model.clusters["staging"]
    assert staging.kubernetes_cluster == "dev"
    assert staging.namespace_name("shop") == "shop-staging"
    assert not staging.keeps_names
    assert model.clusters["prod"].kubernetes_cluster == "prod"
    assert model.clusters["prod"].keeps_names
    assert model.clusters["prod"].dialect == "kubernetes"
    assert model.clusters["prod"].pods.cidrs() == ["10.8.0.0/14"]
    assert model.environments == {"dev", "prod", "staging"}


def test_namespaces_of_two_environments_collide() -> None:
    _, findings = load({STAGING: _staging("")})
    assert codes(findings) == ["RF140", "RF140"]
    assert "both called `shop` on Kubernetes cluster `dev`" in findings[0].message
    assert "namespacePattern" in findings[0].hint


def test_a_patterned_name_collides_with_another_namespace() -> None:
    space = HEADER.format("Namespace") + "workloads: {a: {labels: {app: a}}}\n"
    team = small()["teams/checkout/team.yaml"].replace("[shop]", "[shop, shop-staging]")
    files = {STAGING: _staging(), "teams/checkout/shop-staging/namespace.yaml": space, "teams/checkout/team.yaml": team}
    finding = only(load(files)[1], "RF140")
    assert "`shop-staging`" in finding.message


def test_no_collision_where_the_environments_differ() -> None:
    files = {
        STAGING: _staging(""),
        "teams/checkout/shop/namespace.yaml": small()["teams/checkout/shop/namespace.yaml"].replace(
            "workloads:", "environments: [dev, prod]\nworkloads:"
        ),
        "teams/payments/payments/namespace.yaml": small()["teams/payments/payments/namespace.yaml"].replace(
            "workloads:", "environments: [prod, dev]\nworkloads:"
        ),
    }
    assert load(files)[1] == []


def test_a_peer_in_a_namespace_of_a_team() -> None:
    path = "policies/catalog/x.yaml"
    text = HEADER.format("Catalog") + "peers:\n  cards: {description: D, owner: o, namespace: payments}\n"
    _, findings = load({path: text})
    assert set(codes(findings)) == {"RF140"}
    assert findings[0].where == place(text, "cards", path)


def test_a_name_too_long() -> None:
    name = "n" * 60
    files = {
        f"teams/checkout/{name}/namespace.yaml": HEADER.format("Namespace") + "workloads: {a: {labels: {app: a}}}\n",
        STAGING: _staging(),
    }
    finding = only(load(files)[1], "RF141")
    assert "has 68 characters" in finding.message
    assert finding.where.path == f"teams/checkout/{name}/namespace.yaml"


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("https://dev.", "https://staging.", "server"),
        ("calico", "antrea", "cni"),
        ("10.0.0.0/14", "10.16.0.0/14", "pods"),
        ("10.4.0.0/20", "10.5.0.0/20", "services"),
        ("10.100.0.0/16", "10.101.0.0/16", "nodes"),
    ],
)
def test_one_cluster_described_twice(old: str, new: str, part: str) -> None:
    finding = only(load({STAGING: _staging().replace(old, new)})[1], "RF142")
    assert finding.message.endswith(f"differ in {part}")


@pytest.mark.parametrize("pattern", ["{environment}", "x", "{team}-{namespace}", "{namespace", "{namespace}-{}"])
def test_a_pattern_that_cannot_be_used(pattern: str) -> None:
    text = small()[DEV].replace("server:", f'namespacePattern: "{pattern}"\nserver:')
    finding = only(load({DEV: text})[1], "RF143")
    assert finding.where == place(text, f'"{pattern}"', DEV)


def test_a_namespace_default_and_own_labels() -> None:
    text = HEADER.format("Namespace") + (
        "labels: {z: a, b: c}\n"
        "environments: [prod]\n"
        "workloads: {api: {labels: {y: b, app: api}, ports: {https: 8443}}}\n"
    )
    model, findings = load({"teams/payments/payments/namespace.yaml": text})
    assert findings == []
    assert model is not None
    assert model.namespaces["payments"].labels == (("b", "c"), ("z", "a"))
    assert model.workloads["payments/api"].labels == (("app", "api"), ("y", "b"))
    assert model.workloads["payments/api"].environments == {"prod"}
    assert model.namespaces["shop"].environments == {"dev", "prod"}


@pytest.mark.parametrize(
    ("name", "why", "hint"),
    [
        ("paymets", "there is no such namespace", "did you mean `payments`?"),
        ("zzzzzz", "there is no such namespace", "drop it, or write the declared name of a namespace"),
        ("dock", "namespace dock does not exist in prod", "drop it, or write the declared name of a namespace"),
    ],
)
def test_a_stage_that_would_hold_nowhere(name: str, why: str, hint: str) -> None:
    path = "policies/clusters/prod.yaml"
    text = small()[path] + f"stages: {{shop: permissive, {name}: permissive}}\n"
    elsewhere = HEADER.format("Namespace") + "environments: [dev]\nworkloads: {}\n"
    _, findings = load({path: text, "teams/checkout/dock/namespace.yaml": elsewhere})
    finding = only(findings, "RF113")
    assert finding.message == f"cluster prod gives a stage to `{name}`, and {why}"
    assert (finding.hint, finding.where) == (hint, place(text, name, path))
    dev = "policies/clusters/dev.yaml"
    there = {dev: small()[dev] + "stages: {dock: permissive}\n", "teams/checkout/dock/namespace.yaml": elsewhere}
    assert load(there)[1] == []


def test_an_environment_is_no_name_of_a_cluster() -> None:
    prod, path = "policies/clusters/prod.yaml", "teams/checkout/shop/more.yaml"
    renamed = {prod: None, "policies/clusters/eu.yaml": small()[prod]}
    text = flows("name: more, from: frontend, to: checkout, ports: [metrics], environments: [prod]")
    assert load({**renamed, path: text})[1] == []
    finding = only(load({**renamed, path: text.replace("[prod]", "[eu]")})[1], "RF112")
    assert finding.message == "there is no environment `eu`; nothing would be rendered for it"
    assert finding.hint == "the environments are `dev`, `prod`"
