import pytest

from ringfence.findings import Finding
from ringfence.model import layout
from ringfence.model.layout import Place
from small_repository import HEADER, codes, flows, load, only, small


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("policies/ringfence.yaml", Place(("Settings",))),
        ("policies/clusters/prod-eu.yaml", Place(("Cluster",), name="prod-eu")),
        ("policies/catalog/a.yaml", Place(("Catalog",))),
        ("policies/baseline/A_b.yaml", Place(("Baseline",))),
        ("policies/guardrails/a.yaml", Place(("Guardrails",))),
        ("policies/waivers/a.yaml", Place(("Waivers",))),
        ("teams/a/team.yaml", Place(("Team",), team="a")),
        ("teams/a/b/c.yaml", Place(("Namespace", "Flows"), team="a", namespace="b")),
    ],
)
def test_the_place_of_a_document(path: str, expected: Place) -> None:
    assert layout.place(path) == expected


@pytest.mark.parametrize(
    ("path", "code", "hint"),
    [
        ("policies/settings.yaml", "RF100", "policies/clusters/"),
        ("policies/cluster/a.yaml", "RF100", "did you mean `policies/clusters/`?"),
        ("policies/catalog/deep/a.yaml", "RF100", "move it to `policies/catalog/a.yaml`"),
        ("policies/catalog/a.yml", "RF100", "rename it to `a.yaml`"),
        ("policies/catalog/a.json", "RF100", "remove it, or keep it in another folder"),
        ("policies/clusters/Prod_EU.yaml", "RF104", "rename it to `prod-eu`"),
        ("teams/a.yaml", "RF100", "move it to `teams/<team>/`"),
        ("teams/a/teem.yaml", "RF100", "did you mean `team.yaml`?"),
        ("teams/a/flows-of-all.yaml", "RF100", "move it to `teams/a/<namespace>/`"),
        ("teams/a/team.yml", "RF100", "rename it to `team.yaml`"),
        ("teams/a/b/c/d.yaml", "RF100", "move it to `teams/a/b/`"),
        ("teams/Team A/b/c.yaml", "RF104", "rename it to `team-a`"),
        ("teams/a/" + "b" * 64 + "/c.yaml", "RF104", "rename it to `" + "b" * 63 + "`"),
        ("teams/a/___/c.yaml", "RF104", "rename it"),
    ],
)
def test_what_is_wrong_with_a_place(path: str, code: str, hint: str) -> None:
    found = layout.place(path)
    assert isinstance(found, Finding)
    assert found.check.code == code
    assert hint in found.hint
    assert found.where.path == path


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "teams/README.md",
        "teams/a/b/README.md",
        "policies/rendered/x/y.yaml",
        "policies/templates/a.j2",
        "policies/waivers/.gitkeep",
    ],
)
def test_what_the_model_does_not_read(path: str) -> None:
    assert not layout.is_read(path)


def test_the_small_repository_has_no_finding() -> None:
    model, findings = load({})
    assert findings == []
    assert model is not None
    assert model.files == len(small()) - 1, "all but the README"
    assert list(model.workloads) == ["payments/api", "shop/checkout", "shop/frontend"]
    assert [flow.id for flow in model.flows] == ["payments/charge", "shop/authorise-card", "shop/place-order"]


def test_a_kind_in_the_wrong_place_says_where_it_belongs() -> None:
    path = "policies/catalog/extra.yaml"
    finding = only(load({path: flows("name: a, from: shop/frontend, to: shop/checkout, ports: [grpc]")})[1], "RF101")
    assert str(finding.where) == f"{path}:2:7"
    assert finding.hint == "move it to `teams/<team>/<namespace>/`"
    assert "kind Flows" in finding.message
    assert "only Catalog" in finding.message


def test_a_kind_close_to_the_right_one_is_asked_for() -> None:
    path = "policies/guardrails/extra.yaml"
    finding = only(load({path: HEADER.format("Waivers") + "waivers: []\n"})[1], "RF101")
    assert finding.hint == "move it to `policies/waivers/`"


def test_an_unknown_kind_is_left_to_the_schema() -> None:
    _, findings = load({"policies/catalog/extra.yaml": HEADER.format("Catalogue") + "peers: {}\n"})
    assert len(findings) == 1
    assert findings[0].check.code.startswith("RF03")


def test_one_broken_file_hides_no_other() -> None:
    model, findings = load(
        {"teams/checkout/shop/a.yaml": "a: [", "teams/checkout/shop/b.yaml": "{", "policies/x.txt": ""}
    )
    assert model is not None
    assert len(model.flows) == 3
    assert {finding.where.path for finding in findings} == {
        "policies/x.txt",
        "teams/checkout/shop/a.yaml",
        "teams/checkout/shop/b.yaml",
    }


def test_without_settings_there_is_no_model() -> None:
    model, findings = load({"policies/ringfence.yaml": None})
    assert model is None
    assert only(findings, "RF102").hint == "`ringfence init` writes one"


def test_unreadable_settings_are_reported_once() -> None:
    model, findings = load({"policies/ringfence.yaml": "a: ["})
    assert model is None
    assert len(findings) == 1
    assert findings[0].check.code.startswith("RF0")


def test_without_clusters_there_is_no_model_and_nothing_else_is_blamed() -> None:
    model, findings = load(
        {
            "policies/clusters/dev.yaml": None,
            "policies/clusters/prod.yaml": None,
            "policies/guardrails/platform.yaml": None,
        }
    )
    assert model is None
    assert codes(findings) == ["RF103"]


def test_a_broken_cluster_file_makes_no_environment_unknown() -> None:
    _, findings = load({"policies/clusters/prod.yaml": "a: ["})
    assert [code for code in codes(findings) if code >= "RF100"] == []


def test_a_folder_of_a_team_without_its_file() -> None:
    finding = only(load({"teams/payments/team.yaml": None})[1], "RF105")
    assert finding.where.path == "teams/payments/payments/namespace.yaml"
    assert "teams/payments/team.yaml" in finding.hint


def test_a_folder_close_to_a_team_is_a_slip() -> None:
    path = "teams/payment/payments/extra.yaml"
    _, findings = load({path: flows("name: a, from: payments/api, to: stripe, ports: [444]")})
    assert codes(findings) == ["RF105", "RF106"]
    assert findings[0].hint == "did you mean the folder `teams/payments/`?"


def test_a_broken_team_file_is_not_called_missing() -> None:
    _, findings = load({"teams/payments/team.yaml": "a: ["})
    assert [code for code in codes(findings) if code >= "RF100"] == []


def test_a_namespace_without_its_document() -> None:
    _, findings = load({"teams/payments/payments/namespace.yaml": None})
    assert "RF106" in codes(findings)


def test_a_broken_namespace_document_makes_no_end_unknown() -> None:
    _, findings = load({"teams/payments/payments/namespace.yaml": "a: ["})
    assert [code for code in codes(findings) if code >= "RF100"] == []


def test_two_teams_with_a_folder_for_one_namespace() -> None:
    path = "teams/payments/shop/namespace.yaml"
    finding = only(load({path: HEADER.format("Namespace") + "workloads: {a: {labels: {app: a}}}\n"})[1], "RF107")
    assert finding.where.path == path
    assert finding.related[0][0].path == "teams/checkout/shop/namespace.yaml"
    assert "team checkout" in finding.message
