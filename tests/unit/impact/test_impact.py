"""impact on the small repository: exactly what a change opens and closes, because of what, and who is asked."""

from __future__ import annotations

from rendered_repository import TODAY, Files, edited, impact_of, rendered
from ringfence import model
from ringfence.impact import Change, Effect, Reason, Report, Side, assess, mended
from ringfence.report import impact_json, impact_markdown, impact_text, impact_words, markdown
from small_repository import MemoryTree, codes, small

FLOWS = "teams/checkout/shop/flows.yaml"
PAYMENTS_FLOWS = "teams/payments/payments/flows.yaml"
API = "policies/rendered/base/payments/payments/api.yaml"


def rows(report: Report) -> list[tuple[str, str, str, str, str]]:
    """Effect, ends and ports on both sides."""
    return [
        (item.effect.value, item.source, item.destination, str(item.before), str(item.after)) for item in report.changes
    ]


def with_flow(text: str) -> Files:
    return rendered({FLOWS: small()[FLOWS] + text})[0]


ORDERS = """\
  - name: read-orders
    from: checkout
    to: frontend
    ports: [http]
    reason: The checkout shows what was ordered
    ticket: SEC-1
    expires: 2027-03-31
"""


def test_nothing_changed() -> None:
    base, _ = rendered()
    report = impact_of(base, base)
    assert report.changes == ()
    assert report.objects == ()
    assert report.approvals == ()
    assert report.findings == ()
    assert impact_words.headline(report) == "No connection opens, closes or changes — dev, prod"


def test_a_new_flow_opens_exactly_one_connection_with_its_cause() -> None:
    base, _ = rendered()
    report = impact_of(base, with_flow(ORDERS))
    assert rows(report) == [("opened", "shop/checkout", "shop/frontend", "nothing", "8080/TCP")]
    [change] = report.changes
    assert change.clusters == ("dev", "prod")
    assert change.reason is Reason.POLICY
    assert not change.collateral
    assert not change.world
    [cause] = change.causes
    assert (cause.kind, cause.name, str(cause.where)) == ("flow", "shop/read-orders", f"{FLOWS}:14:5")
    assert (cause.owner, cause.ticket, cause.expires, cause.side) == ("checkout", "SEC-1", "2027-03-31", "head")
    assert [(item.action, item.namespace, item.name, item.clusters) for item in report.objects] == [
        ("update", "shop", "ringfence-checkout", ("dev", "prod")),
        ("update", "shop", "ringfence-frontend", ("dev", "prod")),
    ]
    assert [(item.party, item.owners) for item in report.approvals] == [("checkout", ("@example/checkout",))]
    assert impact_words.headline(report) == "1 opens, 0 close, 0 collateral — dev, prod"


def test_a_flow_between_teams_asks_both() -> None:
    base, _ = rendered()
    back = "  - {name: report, from: api, to: shop/checkout, ports: [grpc], reason: Refunds}\n"
    head, _ = rendered({PAYMENTS_FLOWS: small()[PAYMENTS_FLOWS] + back})
    report = impact_of(base, head)
    assert rows(report) == [("opened", "payments/api", "shop/checkout", "nothing", "5050/TCP")]
    assert [item.party for item in report.approvals] == ["checkout", "payments"]


def test_the_mirror_of_a_change_closes_what_it_opened() -> None:
    base, _ = rendered()
    head = with_flow(ORDERS)
    there, back = impact_of(base, head), impact_of(head, base)
    [opened], [closed] = there.changes, back.changes
    assert (closed.effect, closed.before, closed.after) == (Effect.CLOSED, opened.after, opened.before)
    assert [(cause.name, cause.side) for cause in closed.causes] == [("shop/read-orders", "base")]


def test_a_port_that_moves_is_a_change_with_both_values() -> None:
    base, _ = rendered()
    head, _ = rendered(
        {
            "teams/payments/payments/namespace.yaml": small()["teams/payments/payments/namespace.yaml"].replace(
                "8443", "9443"
            )
        }
    )
    report = impact_of(base, head)
    assert rows(report) == [("changed", "shop/checkout", "payments/api", "8443/TCP", "9443/TCP")]
    assert {cause.side for cause in report.changes[0].causes} == {"base", "head"}


def test_a_flow_in_one_environment_changes_one_cluster() -> None:
    base, _ = rendered()
    report = impact_of(base, with_flow(ORDERS + "    environments: [prod]\n"))
    assert [change.clusters for change in report.changes] == [("prod",)]
    assert report.quiet_clusters == ("dev",)
    assert impact_of(base, with_flow(ORDERS + "    environments: [prod]\n"), "dev").changes == ()


def test_exposure_to_the_world_comes_first_and_is_marked() -> None:
    base, _ = rendered()
    news = "  - {name: news, from: frontend, to: internet, ports: [https], reason: News}\n"
    report = impact_of(base, with_flow(ORDERS + news))
    assert [(item.destination, item.world) for item in report.changes] == [("internet", True), ("shop/frontend", False)]
    assert "**Exposure to the world**" in impact_markdown.render(report)


def test_a_rule_by_hand_is_collateral() -> None:
    base, _ = rendered()
    head = edited(base, API, "port: 8443", "port: 8443\n        - protocol: TCP\n          port: 22")
    checkout = "policies/rendered/base/checkout/shop/checkout.yaml"
    head = edited(head, checkout, "port: 8443", "port: 8443\n        - protocol: TCP\n          port: 22")
    report = impact_of(base, head)
    assert [(item.source, item.destination, str(item.collateral)) for item in report.changes] == [
        ("shop/checkout", "payments/api", "22/TCP")
    ]
    assert "RF601" in codes(list(report.findings))


def test_a_label_that_changes_closes_nothing_once_it_is_rendered_again() -> None:
    base, _ = rendered()
    namespace = "teams/checkout/shop/namespace.yaml"
    head, _ = rendered({namespace: small()[namespace].replace("app: checkout", "app: checkout, tier: web")})
    assert {item.reason for item in impact_of(base, head).changes} == {Reason.LABELS}
    stale = {**base, namespace: head[namespace]}
    assert impact_of(base, stale).changes == (), "the selector app=checkout still matches"
    other, _ = rendered({namespace: small()[namespace].replace("{app: checkout}", "{name: checkout}")})
    closed = impact_of(base, {**base, namespace: other[namespace]})
    assert ("closed", "shop/frontend", "shop/checkout", "5050/TCP", "nothing") in rows(closed)


def test_a_workload_that_comes_is_told_apart_from_a_policy() -> None:
    base, _ = rendered()
    namespace = "teams/payments/payments/namespace.yaml"
    ledger = "  ledger:\n    labels: {app: ledger}\n    ports: {grpc: 7000}\n"
    head, _ = rendered({namespace: small()[namespace] + ledger})
    report = impact_of(base, head)
    assert {change.reason for change in report.changes} == {Reason.WORKLOAD_ADDED}
    assert ("opened", "payments/ledger", "kube-dns", "nothing", "53/TCP, 53/UDP") in rows(report)
    assert all(not change.collateral for change in report.changes)
    assert {item.reason for item in impact_of(head, base).changes} == {Reason.WORKLOAD_REMOVED}


def test_a_namespace_that_goes_is_warned_about() -> None:
    base, _ = rendered()
    gone = {path: raw for path, raw in base.items() if not path.startswith("policies/rendered/overlays/prod/payments/")}
    report = impact_of(base, gone)
    assert "RF604" in codes(list(report.findings))
    assert "namespace payments has no policies in prod any more" in " ".join(item.message for item in report.findings)


def test_equal_changes_of_clusters_are_one_row_and_others_are_not() -> None:
    base, _ = rendered()
    report = impact_of(base, with_flow(ORDERS))
    assert len(report.changes) == 1
    assert report.count(Effect.OPENED) == 1


def test_every_format_holds_the_same_rows() -> None:
    base, _ = rendered()
    report = impact_of(base, with_flow(ORDERS))
    assert "+ shop/checkout → shop/frontend  8080/TCP  in dev, prod" in impact_text.render(report, colour=False)
    assert "| 🟢 opens | `shop/checkout` | `shop/frontend` | `8080/TCP` | dev, prod |" in impact_markdown.render(report)
    import json

    data = json.loads(impact_json.render(report))
    [row] = data["changes"]
    assert (row["source"], row["destination"], row["after"]) == (
        "shop/checkout",
        "shop/frontend",
        {"TCP": [[8080, 8080]]},
    )
    assert data["counts"] == {"opened": 1, "closed": 0, "changed": 0, "collateral": 0}


def test_markdown_shows_hostile_text_as_text() -> None:
    text = markdown.escape("@all <img src=x> `code` | [a](http://evil) $x$")
    assert "<img" not in text
    assert "@all" not in text
    assert "](" not in text
    assert "http://" not in text
    assert " | " not in text.replace("\\|", "")
    assert markdown.code("a`b``c") == "```a`b``c```"
    assert "|" not in markdown.code("a|b")


def test_changes_have_a_total_order() -> None:
    base, _ = rendered()
    two = "  - {name: b, from: checkout, to: frontend, ports: [8081], reason: B}\n"
    changes: tuple[Change, ...] = impact_of(base, with_flow(ORDERS + two)).changes
    assert [str(change.after) for change in changes] == ["8080-8081/TCP"]
    assert [cause.name for cause in changes[0].causes] == ["shop/b", "shop/read-orders"]


def test_other_labels_under_the_same_name_are_told() -> None:
    namespace = "teams/payments/payments/namespace.yaml"
    catalogue = "policies/catalog/platform.yaml"
    base, _ = rendered()
    head, _ = rendered(
        {
            namespace: small()[namespace].replace("{app: api}", "{app: card-api, tier: cards}"),
            catalogue: small()[catalogue].replace("{k8s-app: kube-dns}", "{k8s-app: core-dns}"),
        }
    )
    report = impact_of(base, head)
    assert {(item.reason, item.effect) for item in report.changes} == {(Reason.LABELS, Effect.CLOSED)}
    assert rows(report) == [
        ("closed", "payments/api", "stripe", "443/TCP", "nothing"),
        ("closed", "payments/*", "kube-dns", "53/TCP, 53/UDP", "nothing"),
        ("closed", "payments/api", "kube-dns", "53/TCP, 53/UDP", "nothing"),
        ("closed", "shop/*", "kube-dns", "53/TCP, 53/UDP", "nothing"),
        ("closed", "shop/checkout", "kube-dns", "53/TCP, 53/UDP", "nothing"),
        ("closed", "shop/checkout", "payments/api", "8443/TCP", "nothing"),
        ("closed", "shop/frontend", "kube-dns", "53/TCP, 53/UDP", "nothing"),
    ]
    assert [(item.check.code, item.subject) for item in report.findings] == [
        ("RF606", "payments/api"),
        ("RF606", "kube-dns"),
    ]
    assert "stood for pods with app=api and now stands for pods with app=card-api, tier=cards" in (
        report.findings[0].message
    )
    assert report.findings[0].where.path == namespace
    moved = small()[catalogue].replace("namespace: kube-system", "namespace: dns-system")
    moved = moved.replace("{k8s-app: kube-dns}", "{k8s-app: core-dns}")
    assert "RF606" not in codes(list(impact_of(base, rendered({catalogue: moved})[0]).findings))


def test_objects_of_a_namespace_that_leaves_stay_in_the_cluster() -> None:
    base, _ = rendered()
    namespace = "teams/payments/payments/namespace.yaml"
    head, _ = rendered({namespace: small()[namespace].replace("workloads:", "environments: [prod]\nworkloads:")})
    objects = {(item.action, item.namespace, item.name, item.clusters) for item in impact_of(base, head).objects}
    assert ("leave", "payments", "ringfence-api", ("dev",)) in objects
    assert ("leave", "payments", "ringfence-baseline", ("dev",)) in objects
    fewer, _ = rendered(
        {namespace: small()[namespace].replace("    accepts:", "    environments: [prod]\n    accepts:")}
    )
    objects = {(item.action, item.namespace, item.name, item.clusters) for item in impact_of(base, fewer).objects}
    assert ("prune", "payments", "ringfence-api", ("dev",)) in objects


def test_a_base_with_a_broken_file_is_mended_from_the_head() -> None:
    files, _ = rendered()
    namespace = "teams/payments/payments/namespace.yaml"
    broken = {**files, namespace: "kind: [\n"}
    base, head = model.load(MemoryTree(broken))[0], model.load(MemoryTree(files))[0]
    assert base is not None
    assert head is not None
    assert "payments/api" not in base.workloads
    whole = mended(base, head, {namespace})
    assert whole is not None
    assert list(whole.workloads) == list(head.workloads)
    sides = Side(MemoryTree(broken), "base", whole), Side(MemoryTree(files), "head", head)
    assert assess(*sides, head, TODAY).changes == ()
    unmended = Side(MemoryTree(broken), "base", base), sides[1]
    assert assess(*unmended, head, TODAY).changes != ()
    assert mended(base, head, ()) is base
    assert mended(None, head, {namespace}) is None
