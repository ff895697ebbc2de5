from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from command_kit import CALL_BACK, CHECKOUT, FLOWS, NAMESPACE, Cli, add_flow, edit

from git_repository import GitRepository

PAYOUT = ("name: ask-for-payout", "from: frontend", "to: payments/api", "ports: [https]", "reason: The page asks")


def ends(report: dict) -> list[tuple[str, str, str, str, list[str]]]:
    return [
        (item["effect"], item["reason"], item["source"], item["destination"], item["clusters"])
        for item in report["changes"]
    ]


def test_nothing_changes(small: GitRepository, ringfence: Cli) -> None:
    sha = small.git("rev-parse", "--short=7", "HEAD")
    done = ringfence("impact")
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "No connection opens, closes or changes — dev, prod\n"
        f"  base {sha}\n  head working tree\n  no gate fails\n  auto-approvable: nothing differs\n\n"
        "Gates\n"
        "  passed   collateral: nothing opens\n"
        "  passed   world-exposure: nothing opens to or from the world\n"
        "  passed   cross-environment: nothing opens between environments\n"
        "  passed   guardrail: 3 of 3 hold\n"
        "  passed   consent: nothing opens between teams\n"
        "  passed   mass-change: no namespace loses more than 50 % of its connections\n"
        "  passed   default-deny: everything that was isolated still is\n"
        "  passed   isolation-ratchet: no namespace is concerned\n"
        "  passed   justification-ratchet: no namespace is concerned\n"
        "  passed   expired-flows: no flow has expired\n\n"
        f"To see this again: ringfence impact --base {small.git('rev-parse', 'HEAD')}\n\n"
        "3 guardrails checked on 2 clusters; no findings\n"
    )


def test_one_flow_opens_exactly_one_connection(small: GitRepository, ringfence: Cli) -> None:
    add_flow(small, *CALL_BACK)
    assert ringfence("render").code == 0
    done = ringfence("impact", "--format", "json")
    assert done.code == 0
    report = done.json
    assert report["headline"] == "1 opens, 0 close, 0 collateral — dev, prod"
    assert ends(report) == [("opened", "policy", "shop/checkout", "shop/frontend", ["dev", "prod"])]
    (change,) = report["changes"]
    (cause,) = change["causes"]
    assert (cause["kind"], cause["name"], cause["side"]) == ("flow", "shop/call-back", "head")
    assert (cause["path"], cause["line"], cause["owner"]) == (FLOWS, 14, "checkout")
    assert (change["before"], change["after"]) == ({}, {"TCP": [[8080, 8080]]})
    assert [(o["action"], o["namespace"], o["name"]) for o in report["objects"]] == [
        ("update", "shop", "ringfence-checkout"),
        ("update", "shop", "ringfence-frontend"),
    ]
    assert [(a["for"], a["owners"]) for a in report["approvals"]] == [("checkout", ["@example/checkout"])]


def test_a_flow_to_another_team_asks_both(small: GitRepository, ringfence: Cli) -> None:
    edit(small, "teams/payments/payments/namespace.yaml", "[shop/checkout]", "[shop/checkout, shop/frontend]")
    edit(small, "policies/guardrails/platform.yaml", "[shop/checkout,", "[shop/checkout, shop/frontend,")
    small.commit()
    add_flow(small, *PAYOUT, "ticket: SEC-7", "expires: 2099-01-01")
    assert ringfence("render").code == 0
    done = ringfence("impact")
    assert done.code == 0
    assert "+ shop/frontend → payments/api  8443/TCP  in dev, prod\n" in done.out
    assert f"because of flow shop/ask-for-payout ({FLOWS}:14:5), checkout, SEC-7, until 2099-01-01\n" in done.out
    report = ringfence("impact", "--format", "json").json
    assert report["headline"].startswith("1 opens, 0 close")
    assert [(a["for"], a["owners"]) for a in report["approvals"]] == [
        ("checkout", ["@example/checkout"]),
        ("payments", ["@example/payments"]),
    ]


def test_a_flow_removed_closes(small: GitRepository, ringfence: Cli) -> None:
    text = (small.path / FLOWS).read_text()
    small.write(FLOWS, text[: text.index("  - name: authorise-card")])
    edit(small, "teams/payments/payments/namespace.yaml", "    accepts: [shop/checkout]\n", "")
    assert ringfence("render").code == 0
    report = ringfence("impact", "--format", "json").json
    assert ends(report) == [("closed", "policy", "shop/checkout", "payments/api", ["dev", "prod"])]
    (cause,) = report["changes"][0]["causes"]
    assert (cause["name"], cause["side"]) == ("shop/authorise-card", "base")
    assert "- shop/checkout → payments/api  8443/TCP" in ringfence("impact").out


def test_a_port_changed(small: GitRepository, ringfence: Cli) -> None:
    edit(small, NAMESPACE, "grpc: 5050", "grpc: 5051")
    assert ringfence("render").code == 0
    report = ringfence("impact", "--format", "json").json
    assert ends(report) == [("changed", "policy", "shop/frontend", "shop/checkout", ["dev", "prod"])]
    assert report["changes"][0]["collateral"] == {}
    assert "~ shop/frontend → shop/checkout  5050/TCP → 5051/TCP  in dev, prod\n" in ringfence("impact").out


def test_one_environment_of_two(small: GitRepository, ringfence: Cli) -> None:
    add_flow(small, *CALL_BACK, "environments: [dev]")
    assert ringfence("render").code == 0
    done = ringfence("impact")
    assert done.out.startswith("1 opens, 0 close, 0 collateral — dev; prod unchanged\n")
    limited = ringfence("impact", "--cluster", "prod", "--format", "json").json
    assert (limited["changes"], limited["objects"], limited["clusters"]) == ([], [], ["prod"])


def test_a_workload_and_a_namespace_added(small: GitRepository, ringfence: Cli) -> None:
    edit(small, "teams/payments/team.yaml", "[payments]", "[payments, ledger]")
    header = "apiVersion: ringfence.dev/v1alpha1\n"
    small.write(
        "teams/payments/ledger/namespace.yaml",
        header + "kind: Namespace\nworkloads:\n  book:\n    labels: {app: book}\n    ports: {grpc: 7000}\n"
        "    accepts: [payments/api]\n",
    )
    add_flow(
        small,
        *("name: note", "from: api", "to: ledger/book", "ports: [grpc]", "reason: Every charge is noted"),
        path="teams/payments/payments/flows.yaml",
    )
    assert ringfence("render").code == 0
    done = ringfence("impact", "--format", "json")
    assert done.code == 0
    note = [item for item in done.json["changes"] if item["destination"] == "ledger/book"]
    assert [(item["effect"], item["reason"], item["source"]) for item in note] == [
        ("opened", "workload added", "payments/api")
    ]
    assert all(item["reason"] == "workload added" for item in done.json["changes"])
    created = {(o["namespace"], o["name"]) for o in done.json["objects"] if o["action"] == "create"}
    assert created == {("ledger", "ringfence-baseline"), ("ledger", "ringfence-book")}


def test_a_namespace_that_loses_its_policies(small: GitRepository, ringfence: Cli) -> None:
    shutil.rmtree(small.path / "teams/payments")
    text = (small.path / FLOWS).read_text()
    small.write(FLOWS, text[: text.index("  - name: authorise-card")])
    guardrails = (small.path / "policies/guardrails/platform.yaml").read_text()
    start, end = guardrails.index("  - name: card-data"), guardrails.index("  - name: names-resolve")
    small.write("policies/guardrails/platform.yaml", guardrails[:start] + guardrails[end:])
    assert ringfence("render").code == 0
    done = ringfence("impact", "--format", "json")
    assert (done.code, set(done.codes)) == (0, {"RF604"})
    assert {item["for"] for item in done.json["approvals"]} == {"checkout", "payments", "platform"}


def test_a_cluster_that_goes_and_one_that_comes(small: GitRepository, ringfence: Cli) -> None:
    """Guardrails are held against both sides, of which one has no environment in either cluster."""
    (small.path / "policies/clusters/prod.yaml").rename(small.path / "policies/clusters/other.yaml")
    assert ringfence("render").code == 0
    done = ringfence("impact", "--whole")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("10 open, 10 close, 0 collateral — other, prod; dev unchanged\n")


@pytest.mark.parametrize("how", ["unstaged", "staged", "committed"])
def test_a_file_that_may_be_run_now_asks_nobody(small: GitRepository, ringfence: Cli, how: str) -> None:
    base = small.git("rev-parse", "HEAD")
    (small.path / FLOWS).chmod(0o755)
    if how != "unstaged":
        small.git("add", FLOWS)
    if how == "committed":
        small.git("commit", "-q", "-m", "A mode")
    assert FLOWS in small.git("diff", "--raw", base)
    for words in ([], ["--head", "HEAD"] if how == "committed" else [], ["--whole"]):
        done = ringfence("impact", "--base", base, "--format", "json", *words)
        assert (done.code, done.json["approvals"], done.json["changes"]) == (0, [], []), words


def test_a_stale_render(small: GitRepository, ringfence: Cli) -> None:
    add_flow(small, *CALL_BACK)
    done = ringfence("impact", "--format", "json")
    assert (done.code, done.codes) == (1, ["RF602"])
    assert done.json["changes"] == []
    assert "2 rendered files are not what the declarations say" in done.json["findings"][0]["message"]


def test_a_rule_added_by_hand_is_collateral(small: GitRepository, ringfence: Cli) -> None:
    frontend = CHECKOUT.replace("checkout.yaml", "frontend.yaml")
    rule = (
        "    - from:\n        - podSelector: {matchLabels: {app: checkout}}\n      ports: [{port: 22, protocol: TCP}]\n"
    )
    edit(small, frontend, "  ingress:\n", "  ingress:\n" + rule)
    text = (small.path / CHECKOUT).read_text()
    egress = rule.replace("from", "to").replace("app: checkout", "app: frontend")
    assert text.count("  egress:\n") == 1
    small.write(CHECKOUT, text.replace("  egress:\n", "  egress:\n" + egress))
    done = ringfence("impact", "--format", "json")
    assert (done.code, set(done.codes)) == (1, {"RF601", "RF602", "RF616"})
    assert ends(done.json) == [("opened", "policy", "shop/checkout", "shop/frontend", ["dev", "prod"])]
    causes = [(item["kind"], item["path"].rpartition("/")[2]) for item in done.json["changes"][0]["causes"]]
    assert causes == [("hand", "checkout.yaml"), ("rule", "checkout.yaml"), ("rule", "frontend.yaml")]
    assert "COLLATERAL: no declaration allows 22/TCP" in ringfence("impact").out
    assert "**collateral**: no declaration allows `22/TCP`" in ringfence("impact", "--format", "markdown").out


def test_a_policy_whose_effect_cannot_be_told(small: GitRepository, ringfence: Cli) -> None:
    folder = "policies/rendered/base/checkout/shop"
    small.write(
        f"{folder}/more.yaml",
        "apiVersion: networking.gke.io/v1alpha1\nkind: FQDNNetworkPolicy\nmetadata: {name: more, namespace: shop}\n"
        "spec: {egress: []}\n",
    )
    edit(small, f"{folder}/kustomization.yaml", "resources:\n", "resources:\n  - more.yaml\n")
    done = ringfence("impact", "--format", "json")
    assert (done.code, set(done.codes)) == (1, {"RF505", "RF602", "RF603", "RF703", "RF504", "RF614", "RF615"})
    order = next(item for item in done.json["changes"] if item["destination"] == "shop/checkout")
    assert order["undefined"] == "what changes on all ports cannot be told"
    assert "UNDEFINED: what changes on all ports cannot be told" in ringfence("impact").out
    assert "⚠️ **undefined**: what changes on all ports" in ringfence("impact", "--format", "markdown").out


def test_a_head_in_error_has_no_impact(small: GitRepository, ringfence: Cli) -> None:
    edit(small, FLOWS, "to: checkout", "to: chekout")
    for form in ("text", "markdown"):
        done = ringfence("impact", "--format", form)
        assert done.code == 1
        assert "RF110" in done.out
        assert "its impact cannot be told" in done.err


def test_a_base_in_error_is_said(small: GitRepository, ringfence: Cli) -> None:
    good = (small.path / FLOWS).read_text()
    edit(small, FLOWS, "to: checkout", "to: chekout")
    broken = small.commit()
    small.write(FLOWS, good)
    done = ringfence("impact", "--base", broken, "--format", "json")
    assert (done.code, done.codes) == (0, ["RF605"])


def test_a_base_without_anything_of_ours(small: GitRepository, ringfence: Cli) -> None:
    small.git("checkout", "--quiet", "--orphan", "empty")
    small.git("rm", "-r", "--quiet", "--cached", ".")
    small.git("commit", "--quiet", "--allow-empty", "--message", "Nothing")
    small.git("branch", "nothing")
    done = ringfence("impact", "--base", "nothing", "--format", "json")
    assert (done.code, done.codes) == (0, ["RF605", "RF610"])
    assert {o["action"] for o in done.json["objects"]} == {"create"}


def test_revisions_are_read_without_a_checkout(small: GitRepository, ringfence: Cli) -> None:
    start = small.git("rev-parse", "HEAD")
    add_flow(small, *CALL_BACK)
    assert ringfence("render").code == 0
    small.commit("One flow more")
    small.git("tag", "v2")
    small.git("reset", "--quiet", "--hard", start)
    status = small.git("status", "--porcelain")
    done = ringfence("impact", "--base", start, "--head", "v2", "--format", "json")
    assert done.json["headline"].startswith("1 opens")
    assert done.json["base"] == start[:7]
    back = ringfence("impact", "--base", "v2", "--head", "HEAD", "--format", "json")
    assert back.json["headline"].startswith("0 open, 1 closes")
    assert ringfence("impact", "--base", "v2", "--format", "json").json["head"] == "working tree"
    assert small.git("status", "--porcelain") == status


def test_the_default_base_is_where_the_branch_left_the_default_branch(small: GitRepository, ringfence: Cli) -> None:
    start = small.git("rev-parse", "--short=7", "HEAD")
    small.git("checkout", "--quiet", "-b", "feature")
    add_flow(small, *CALL_BACK)
    assert ringfence("render").code == 0
    small.commit()
    small.git("checkout", "--quiet", "main")
    edit(small, NAMESPACE, "grpc: 5050", "grpc: 5051")
    assert ringfence("render").code == 0
    small.commit()
    small.git("checkout", "--quiet", "feature")
    report = ringfence("impact", "--format", "json").json
    assert report["base"].startswith(start)
    assert report["headline"].startswith("1 opens, 0 close")


@pytest.mark.parametrize("option", ["--base", "--head"])
@pytest.mark.parametrize("name", ["nope", "", "HEAD~99", "main:teams", ":/", "a" * 5000, "--output=x", "é\x1b[31m"])
def test_revisions_that_are_not_there(small: GitRepository, ringfence: Cli, option: str, name: str) -> None:
    done = ringfence("impact", f"{option}={name}")
    assert (done.code, done.out) == (2, "")
    assert "no commit is named" in done.err
    assert not (small.path / "x").exists()


def test_the_nearest_name_of_a_revision(small: GitRepository, ringfence: Cli) -> None:
    assert "did you mean main?" in ringfence("impact", "--base", "mian").err


def test_a_shallow_clone_says_what_to_fetch(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    small.git("checkout", "--quiet", "-b", "feature")
    for _ in range(3):
        small.commit()
    small.git("clone", "--quiet", "--depth=1", "--branch=feature", f"file://{small.path}", str(tmp_path / "shallow"))
    shallow = GitRepository(tmp_path / "shallow")
    done = ringfence("impact", "-C", shallow.path)
    assert (done.code, done.out) == (2, "")
    fetch = "git fetch --depth=1 origin main:refs/remotes/origin/main"
    assert fetch in done.err
    shallow.git(*fetch.split()[1:])
    done = ringfence("impact", "-C", shallow.path)
    assert done.code == 2
    assert "does not hold the merge base of origin/main and HEAD" in done.err
    assert "git fetch --unshallow origin" in done.err
    shallow.git("fetch", "--quiet", "--unshallow", "origin")
    assert ringfence("impact", "-C", shallow.path).code == 0


def test_a_repository_without_commits(plain: GitRepository, ringfence: Cli) -> None:
    plain.git("init", "--quiet")
    done = ringfence("impact")
    assert (done.code, done.out) == (2, "")
    assert "has no commit yet" in done.err
    assert "git commit" in done.err


def test_not_a_git_repository(plain: GitRepository, ringfence: Cli) -> None:
    done = ringfence("impact")
    assert (done.code, done.out) == (2, "")
    assert "is not in a Git repository" in done.err


def test_a_bare_repository(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    small.git("clone", "--quiet", "--bare", ".", str(tmp_path / "bare.git"))
    done = ringfence("impact", "-C", tmp_path / "bare.git")
    assert (done.code, done.out) == (2, "")
    assert "is not inside a Ringfence repository" in done.err


def test_branches_without_common_history(small: GitRepository, ringfence: Cli) -> None:
    small.git("checkout", "--quiet", "--orphan", "other")
    small.git("commit", "--quiet", "--message", "Other")
    done = ringfence("impact")
    assert (done.code, done.out) == (2, "")
    assert "main and HEAD share no history" in done.err


HOSTILE = (
    "@all `x` | <img src=x onerror=alert(1)> [here](https://evil.example) www.evil.example &amp; #1 **b** \\| $x$ %2"
)


def test_markdown_shows_hostile_text_as_it_is(small: GitRepository, ringfence: Cli) -> None:
    add_flow(small, *CALL_BACK[:-1], f"reason: '{HOSTILE}'", "ticket: '@channel|<b>'")
    edit(small, FLOWS, "ticket: '@channel|<b>'", "ticket: SEC-1")
    assert ringfence("render").code == 0
    note = ringfence("impact", "--format", "markdown").out
    row = next(line for line in note.splitlines() if "call-back" in line)
    assert "<img" not in note
    assert "@all" not in note
    assert "https://evil" not in note
    assert "www.evil" not in note
    assert "](" not in row
    html = pytest.importorskip("markdown_it").MarkdownIt("commonmark", {"html": True}).enable("table").render(note)
    assert "<img" not in html
    assert "<a " not in html
    cell = html.partition("call-back")[2].partition("</td>")[0]
    shown = HOSTILE.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert shown in cell.replace("\u200b", "")
    assert "<strong>b</strong>" not in cell


def test_terminal_text_holds_no_control_characters(small: GitRepository, ringfence: Cli) -> None:
    small.git("tag", "v\u202e1")
    done = ringfence("impact", "--base", "v\u202e1")
    assert done.code == 0
    assert "\u202e" not in done.out


def test_markdown_of_a_plain_change(small: GitRepository, ringfence: Cli) -> None:
    add_flow(small, *CALL_BACK)
    assert ringfence("render").code == 0
    note = ringfence("impact", "--format", "markdown").out
    assert note.startswith("### Ringfence: 1 opens, 0 close, 0 collateral — dev, prod\n")
    assert "| 🟢 opens | `shop/checkout` | `shop/frontend` | `8080/TCP` | dev, prod | `shop/call-back`" in note
    assert "| checkout | `@example/checkout` | 3 | asked |" in note
