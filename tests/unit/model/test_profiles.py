"""Profiles of network plugins: those that ship, those of a repository, and which one a cluster means."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ringfence import documents, resources, schema
from ringfence.commands import cnireference
from ringfence.errors import UsageError
from ringfence.model import cni, profiles
from ringfence.model.types import Cni
from small_repository import HEADER, load, only, place, small

DEV = "policies/clusters/dev.yaml"
OURS = "policies/profiles/ours.yaml"
ROOT = Path(__file__).parents[3]

ALL = profiles.Profiles().known()
NAMES = [
    ("aks-calico", ""),
    ("aks-cilium", ""),
    ("aks-npm", ""),
    ("antrea", ""),
    ("calico", "3.31"),
    ("calico", "3.32"),
    ("cilium", "1.18"),
    ("cilium", "1.19"),
    ("cilium", "1.20"),
    ("eks-vpc-cni", ""),
    ("flannel", ""),
    ("gke-dataplane-v2", ""),
    ("kube-router", ""),
    ("kubernetes-generic", ""),
    ("ovn-kubernetes", ""),
    ("weave", ""),
]
FACTS = {"dialects", "adminKinds", "names", "audit", "ipBlocksMatchPods", "endPort", "sctp", "ipv6", "archived"}


def _dev(plugin: str) -> str:
    return small()[DEV].replace("{name: calico}", plugin)


def _ours(facts: str, extends: str = "cilium@1.20") -> str:
    before = f'extends: "{extends}"\n' if extends else ""
    return HEADER.format("CniProfile") + f"title: Ours\n{before}facts: {{{facts}}}\n"


def _plugin(files: dict[str, str | None]) -> Cni:
    model, findings = load(files)
    assert findings == []
    assert model is not None
    return model.clusters["dev"].cni


# Which CNI enforces what: one test a statement.


def test_flannel_alone_enforces_nothing() -> None:
    assert cni.named("flannel").dialects == ()
    assert not cni.named("flannel").enforces


@pytest.mark.parametrize("name", ["calico", "cilium", "antrea", "kube-router", "ovn-kubernetes", "weave"])
def test_these_enforce_networkpolicy(name: str) -> None:
    assert cni.named(name).enforces
    assert cni.named(name).archived is (name == "weave")


def test_eks_enforces_with_the_agent_of_the_vpc_cni() -> None:
    eks = cni.named("eks-vpc-cni")
    assert eks.enforces
    assert "agent" in eks.note("dialects")
    assert eks.ports_per_peer == 24
    assert any("port of a Service" in text for text, _ in eks.notes)


def test_gke_enforces_with_dataplane_v2() -> None:
    gke = cni.named("gke-dataplane-v2")
    assert gke.dialects == ("kubernetes",)
    assert gke.names == ()


def test_aks_enforces_with_cilium_or_with_calico() -> None:
    assert cni.named("aks-cilium").dialects == ("kubernetes", "cilium")
    assert cni.named("aks-cilium").ip_blocks_match_pods is False
    assert cni.named("aks-calico").dialects == ("kubernetes",)
    assert cni.named("aks-calico").ip_blocks_match_pods is True
    assert cni.named("aks-npm").ipv6 is False


@pytest.mark.parametrize(
    ("name", "matches"),
    [("calico", True), ("antrea", True), ("kube-router", True), ("cilium", False), ("kubernetes-generic", None)],
)
def test_address_blocks_and_pods(name: str, matches: bool | None) -> None:
    assert cni.named(name).ip_blocks_match_pods is matches


@pytest.mark.parametrize(
    ("name", "kinds"),
    [
        ("calico@3.31", ("AdminNetworkPolicy", "BaselineAdminNetworkPolicy")),
        ("calico@3.32", ("ClusterNetworkPolicy",)),
        ("cilium@1.19", ()),
        ("cilium@1.20", ()),
        ("ovn-kubernetes", ("AdminNetworkPolicy", "BaselineAdminNetworkPolicy")),
    ],
)
def test_policies_of_administrators(name: str, kinds: tuple[str, ...]) -> None:
    assert cni.named(name).admin_kinds == kinds


# The files that ship.


def test_the_profiles_that_ship() -> None:
    assert ALL == NAMES


@pytest.mark.parametrize("name", resources.profile_names())
def test_a_profile_that_ships_is_valid(name: str) -> None:
    document, findings = documents.read(f"{name}.yaml", resources.profile_text(name))
    assert findings == []
    assert document is not None
    assert schema.validate(document) == []


@pytest.mark.parametrize("key", ALL, ids="@".join)
def test_a_profile_that_ships_is_whole_and_has_sources(key: tuple[str, str]) -> None:
    found = profiles.Profiles()
    assert all(found.find(*step) == step for step in found.chain(key))
    profile = found.get(key)
    assert set(profile.facts) >= FACTS
    assert set(profile.facts) <= FACTS | {"portsPerPeer"}
    assert all(fact.source.startswith("https://") for fact in profile.facts.values())
    assert all(note.source.startswith("https://") for note in profile.notes)


def test_a_dialect_with_names_or_audit_is_enforced() -> None:
    for key in ALL:
        one = cni.of(profiles.Profiles(), key)
        assert set(one.names) | set(one.audit) <= set(one.dialects), one.id


def test_the_reference_is_current() -> None:
    page = (ROOT / cnireference.PATH).read_text(encoding="utf-8")
    assert page == cnireference.text(), "run python -m ringfence.commands.cnireference"
    anchors = {re.sub(r"[^a-z0-9 -]", "", line[3:].lower()) for line in page.splitlines() if line.startswith("## ")}
    assert set(re.findall(r"\]\(#([^)]*)\)", page)) <= anchors


def test_a_broken_installation_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    monkeypatch.setattr(resources, "_PACKAGE", str(tmp_path))
    with pytest.raises(resources.MissingDataError, match="there is no profile in"):
        cni.named("calico")
    (tmp_path / "profiles" / "calico-3.32.yaml").write_text("facts: [\n")
    with pytest.raises(resources.MissingDataError, match=r"calico-3\.32 that ships with ringfence cannot be read"):
        cni.named("calico")


# Which profile is meant.


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("calico", "calico@3.32"),
        ("cilium", "cilium@1.20"),
        ("cilium@1.18", "cilium@1.18"),
        ("calico@3.32.1", "calico@3.32"),
        ("antrea", "antrea"),
    ],
)
def test_by_name_and_version(text: str, found: str) -> None:
    assert cni.named(text).id == found


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("calicoo", "there is no profile of a network plugin `calicoo`", "did you mean `calico`?"),
        ("calico@3.30", "there is no profile of `calico` 3.30", "the versions are `3.31`, `3.32`"),
        ("antrea@2.7", "the profile of `antrea` has no versions", "leave the version out"),
        ("zzz", "there is no profile of a network plugin `zzz`", "the plugins are `aks-calico`, "),
    ],
)
def test_what_there_is_not(text: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        cni.named(text)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_cluster_names_name_and_version() -> None:
    plugin = _plugin({DEV: _dev('{name: cilium, version: "1.18"}')})
    assert (plugin.id, plugin.title) == ("cilium@1.18", "Cilium 1.18")


@pytest.mark.parametrize(
    ("plugin", "at", "hint"),
    [
        ("{name: calic}", "calic}", "did you mean `calico`?"),
        ('{name: calico, version: "3.2"}', '"3.2"', "the versions are `3.31`, `3.32`; an own profile can extend one"),
    ],
)
def test_an_unknown_plugin_of_a_cluster(plugin: str, at: str, hint: str) -> None:
    text = _dev(plugin)
    finding = only(load({DEV: text})[1], "RF144")
    assert finding.where == place(text, at, DEV)
    assert finding.hint == hint


def test_a_version_is_text() -> None:
    """`1.20` without quotes is the number 1.2."""
    finding = only(load({DEV: _dev("{name: cilium, version: 1.20}")})[1], "RF035")
    assert "put it in quotes" in finding.hint


# Profiles of a repository.


def test_an_own_profile_extends_one_that_ships() -> None:
    fact = "sctp: {value: true, source: https://wiki.example.com/cilium, note: on everywhere}"
    plugin = _plugin({DEV: _dev("{name: ours}"), OURS: _ours(fact)})
    assert plugin.id == "ours"
    assert plugin.title == "Ours"
    assert plugin.sctp is True
    assert plugin.facts["sctp"].source == "https://wiki.example.com/cilium"
    assert plugin.names == ("cilium",)
    assert plugin.ip_blocks_match_pods is False


def test_an_own_profile_may_be_a_new_version() -> None:
    plugin = _plugin({DEV: _dev("{name: cilium}"), "policies/profiles/cilium-1.21.yaml": _ours("")})
    assert plugin.id == "cilium@1.21"


def test_what_a_profile_leaves_out_is_not_known() -> None:
    plugin = _plugin({DEV: _dev("{name: ours}"), OURS: _ours("", extends="")})
    assert (plugin.dialects, plugin.sctp, plugin.end_port, plugin.ipv6, plugin.ip_blocks_match_pods) == (
        (),
        None,
        None,
        None,
        None,
    )


def test_a_cluster_knows_better_and_is_the_source() -> None:
    plugin = _plugin({DEV: _dev("{name: cilium, ipBlocksMatchPods: true}")})
    assert plugin.ip_blocks_match_pods is True
    assert plugin.facts["ipBlocksMatchPods"].source == DEV


def test_a_profile_that_ships_is_not_replaced() -> None:
    finding = only(load({"policies/profiles/cilium-1.20.yaml": _ours("")})[1], "RF116")
    assert "ships with the tool" in finding.message
    assert finding.hint == "give the file another name, and write `extends: cilium@1.20`"


@pytest.mark.parametrize(("extends", "found"), [("cilum@1.20", "did you mean `cilium`?"), ("cilium@9", "`1.20`")])
def test_an_unknown_profile_is_extended(extends: str, found: str) -> None:
    text = _ours("", extends=extends)
    finding = only(load({OURS: text})[1], "RF144")
    assert finding.where == place(text, f'"{extends}"', OURS)
    assert found in finding.hint


def test_profiles_in_a_ring() -> None:
    files: dict[str, str | None] = {
        "policies/profiles/a.yaml": _ours("", extends="b"),
        "policies/profiles/b.yaml": _ours("", extends="a"),
    }
    findings = load(files)[1]
    assert [(item.check.code, item.where.path) for item in findings] == [
        ("RF145", "policies/profiles/a.yaml"),
        ("RF145", "policies/profiles/b.yaml"),
    ]
    assert "by way of b and a" in findings[0].message


def test_a_broken_profile_makes_no_echo_at_the_cluster() -> None:
    findings = load({DEV: _dev("{name: ours}"), OURS: "kind: [\n"})[1]
    assert {item.where.path for item in findings} == {OURS}


@pytest.mark.parametrize("name", ["Ours", "our_cilium", "-1.20"])
def test_a_bad_file_name(name: str) -> None:
    finding = only(load({f"policies/profiles/{name}.yaml": _ours("")})[1], "RF104")
    assert "the network plugin is called" in finding.message


@pytest.mark.parametrize(
    ("fact", "code"),
    [
        ("sctp: {value: true}", "RF034"),
        ("sctp: {value: maybe, source: https://a.example}", "RF036"),
        ("sctp: {value: true, source: a page}", "RF036"),
        ("sctpp: {value: true, source: https://a.example}", "RF033"),
        ("dialects: {value: [calicoo], source: https://a.example}", "RF036"),
        ("portsPerPeer: {value: 0, source: https://a.example}", "RF036"),
    ],
)
def test_bad_facts(fact: str, code: str) -> None:
    only(load({OURS: _ours(fact)})[1], code)
