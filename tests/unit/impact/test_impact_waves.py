"""The states between the waves of a sync, and what the report says of the objects in them."""

from __future__ import annotations

from rendered_repository import Files, impact_of, rendered
from ringfence.impact.objects import wave_of
from ringfence.report import impact_words
from small_repository import codes, small

NAMESPACE = "teams/checkout/shop/namespace.yaml"
BASELINE = "policies/rendered/base/checkout/shop/baseline.yaml"
FOLDER = "policies/rendered/base/checkout/shop/"


def text(files: Files, path: str) -> str:
    content = files[path]
    return content.decode() if isinstance(content, bytes) else content


def in_wave(files: Files, path: str, wave: str) -> Files:
    """The files with one object in a wave."""
    mark = f'metadata:\n  annotations: {{argocd.argoproj.io/sync-wave: "{wave}"}}\n'
    written = text(files, path)
    assert written.count("metadata:\n") == 1
    return {**files, path: written.replace("metadata:\n", mark)}


def without_policies() -> Files:
    """The namespace of the shop before Ringfence: its workloads are declared, and no policy isolates them."""
    base, _ = rendered()
    return {
        path: raw
        for path, raw in base.items()
        if not path.startswith("policies/rendered/overlays/") or "/shop/" not in path
    }


def test_a_default_deny_before_what_allows_cuts_connections_on_the_way() -> None:
    head = in_wave(rendered()[0], BASELINE, "-5")
    report = impact_of(without_policies(), head)
    found = [item for item in report.findings if item.check.code == "RF607"]
    assert [item.subject for item in found] == ["wave -5", "wave -5"]
    assert "shop/checkout → payments/api on 8443/TCP; and 1 more" in found[0].message
    assert impact_words.waves(report.objects) == ["wave -5 creates 1 object", "wave 0 creates 2 objects"]


def test_a_default_deny_after_what_allows_still_cuts_what_only_it_grants() -> None:
    """The policies of workloads isolate them, and name resolution is granted by the baseline alone."""
    head = in_wave(rendered()[0], BASELINE, "10")
    report = impact_of(without_policies(), head)
    found = [item for item in report.findings if item.check.code == "RF607"]
    assert [item.message for item in found] == [
        f"in {cluster}, between sync wave 0 and the next, what both the base and the head allow is closed: "
        "shop/checkout → kube-system/kube-dns on 53/TCP, 53/UDP; shop/frontend → kube-system/kube-dns on 53/TCP, 53/UDP"
        for cluster in ("dev", "prod")
    ]
    assert [(item.name, item.wave) for item in report.objects] == [
        ("ringfence-baseline", 10),
        ("ringfence-checkout", 0),
        ("ringfence-frontend", 0),
    ]


def test_what_is_new_may_come_in_any_wave() -> None:
    base, _ = rendered()
    cart = "  cart: {labels: {app: cart}, ports: {grpc: 7000, metrics: 9090}}\n"
    head, _ = rendered({NAMESPACE: small()[NAMESPACE] + cart})
    head = in_wave(in_wave(head, f"{FOLDER}cart.yaml", "3"), f"{FOLDER}checkout.yaml", "-3")
    report = impact_of(base, head)
    assert "RF607" not in codes(list(report.findings))
    assert impact_words.waves(report.objects) == ["wave -3 updates 1 object", "wave 3 creates 1 object"]


def test_a_connection_that_only_the_head_has_may_open_late() -> None:
    base, _ = rendered()
    flows = "teams/checkout/shop/flows.yaml"
    back = "  - {name: back, from: checkout, to: frontend, ports: [http], reason: A}\n"
    head, _ = rendered({flows: small()[flows] + back})
    head = in_wave(in_wave(head, f"{FOLDER}checkout.yaml", "-1"), f"{FOLDER}frontend.yaml", "1")
    report = impact_of(base, head)
    assert [(item.source, item.destination) for item in report.changes] == [("shop/checkout", "shop/frontend")]
    assert "RF607" not in codes(list(report.findings))


def test_a_rule_that_moves_to_a_later_object_is_closed_in_between() -> None:
    """Two objects, of which the later one takes over what the earlier one loses."""
    base, _ = rendered()
    checkout = text(base, f"{FOLDER}checkout.yaml")
    start = checkout.index("    # flow shop/place-order")
    rule = checkout[start : checkout.index("  egress:\n")]
    extra = (
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: extra\n  namespace: shop\n"
        "spec:\n  podSelector: {matchLabels: {app: checkout}}\n  policyTypes: [Ingress]\n  ingress:\n" + rule
    )
    kustomization = text(base, f"{FOLDER}kustomization.yaml").replace("resources:\n", "resources:\n  - extra.yaml\n")
    head: Files = {
        **base,
        f"{FOLDER}checkout.yaml": checkout.replace(rule, ""),
        f"{FOLDER}extra.yaml": extra,
        f"{FOLDER}kustomization.yaml": kustomization,
    }
    assert impact_of(base, head).changes == ()
    assert "RF607" not in codes(list(impact_of(base, head).findings)), "one wave is one step"
    later = impact_of(base, in_wave(head, f"{FOLDER}extra.yaml", "1"))
    assert later.changes == ()
    assert codes([item for item in later.findings if item.check.code == "RF607"]) == ["RF607", "RF607"]
    earlier = impact_of(base, in_wave(head, f"{FOLDER}extra.yaml", "-1"))
    assert "RF607" not in codes(list(earlier.findings))


def test_prunes_come_last_and_what_is_left_is_said() -> None:
    base, _ = rendered()
    pruned, _ = rendered({NAMESPACE: small()[NAMESPACE] + "  cart: {labels: {app: cart}, ports: {grpc: 7000}}\n"})
    assert impact_words.waves(impact_of(pruned, base).objects) == ["then 1 object is pruned"]
    gone = {path: raw for path, raw in base.items() if not path.startswith("policies/rendered/overlays/prod/payments/")}
    assert impact_words.waves(impact_of(base, gone).objects) == [
        "2 objects stay in the cluster and are synced no longer"
    ]


def test_a_wave_that_is_no_number_is_the_first() -> None:
    key = "argocd.argoproj.io/sync-wave"
    assert wave_of({"metadata": {"annotations": {key: "-7"}}}) == -7
    assert wave_of({"metadata": {"annotations": {key: 4}}}) == 4
    for metadata in ({"annotations": {key: "soon"}}, {"annotations": None}, {}, None, []):
        assert wave_of({"metadata": metadata}) == 0
