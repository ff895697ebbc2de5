from __future__ import annotations

from command_kit import FLOWS, Cli, edit, snapshot

from git_repository import GitRepository

OLD = "teams/checkout/shop/old.yaml"
WAIVERS = "policies/waivers/platform.yaml"
MANY = """\
# who calls whom
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows:
  # the first stays
  - name: one
    from: frontend
    to: stripe  # for now
    ports: [https]
    reason: A test

  # the second goes, with this line
  - name: two
    from: frontend
    to: internet
    ports: [https]
    reason: A test
    expires: 2027-03-31

  # the third stays
  - {name: three, from: checkout, to: stripe, ports: [https], reason: A test, expires: 2027-04-01}
    # the end
"""
LEFT = MANY[: MANY.index("  # the second")] + MANY[MANY.index("  # the third") :]
ONE_WAIVER = """\
  - check: egress-to-world
    subject: shop/two
    reason: A test
    approver: ada@example.com
    expires: 2199-12-31
"""
OTHER_WAIVER = """\
  # needed by nobody since
  - check: ticket-missing
    subject: shop/one
    reason: A test
    approver: bob@example.com
    expires: 2027-01-31
"""
WAIVERS_HEAD = "apiVersion: ringfence.dev/v1alpha1\nkind: Waivers\nwaivers:\n"


def prepare(small: GitRepository, ringfence: Cli) -> None:
    small.write(OLD, MANY)
    small.write(WAIVERS, WAIVERS_HEAD + ONE_WAIVER + OTHER_WAIVER)
    assert ringfence("render").code == 0
    small.commit()


def test_what_has_expired_goes_and_comments_stay(small: GitRepository, ringfence: Cli) -> None:
    prepare(small, ringfence)
    before = snapshot(small.path)
    done = ringfence("expire", "--at", "2027-04-01")
    assert done.code == 0, done
    after = snapshot(small.path)
    assert {path for path in before if before[path] != after.get(path)} == {OLD, WAIVERS}
    assert (small.path / OLD).read_text() == LEFT
    assert WAIVERS not in after
    assert done.out.splitlines()[:3] == [
        f"- waiver egress-to-world for shop/two: its flow goes ({WAIVERS}:4:12)",
        f"- waiver ticket-missing for shop/one: expired on 2027-01-31 ({WAIVERS}:10:12)",
        f"- flow shop/two: expired on 2027-03-31 ({OLD}:13:5)",
    ]
    assert f"--- a/{WAIVERS}\n+++ /dev/null\n" in done.out
    assert "    was allowed by flow shop/two " in done.out
    assert "To see this again: ringfence expire --at 2027-04-01 --dry-run\n" in done.out
    assert done.err.startswith("1 flow and 2 waivers removed from 2 files, as of 2027-04-01; no findings\n")
    for gate in (["fmt", "--check"], ["validate", "--at", "2027-04-01"], ["render"], ["verify"]):
        assert ringfence(*gate).code == 0, gate
    again = ringfence("expire", "--at", "2027-04-01")
    assert (again.code, again.out) == (0, "")
    assert again.err == "0 flows and 0 waivers removed from 0 files, as of 2027-04-01; no findings\n"


def test_the_day_itself_still_counts(small: GitRepository, ringfence: Cli) -> None:
    prepare(small, ringfence)
    done = ringfence("expire", "--at", "2027-01-31", "--format", "json").json
    assert (done["removed"], done["files"], done["impact"]) == ([], {"changed": [], "removed": []}, None)
    done = ringfence("expire", "--at", "2027-02-01", "--format", "json").json
    assert [row["name"] for row in done["removed"]] == ["ticket-missing for shop/one"]
    assert done["impact"]["changes"] == []
    assert (small.path / WAIVERS).read_text() == WAIVERS_HEAD + ONE_WAIVER


def test_a_dry_run_as_json(small: GitRepository, ringfence: Cli) -> None:
    prepare(small, ringfence)
    done = ringfence("expire", "--at", "2030-01-01", "--dry-run", "--format", "json", "-C", "teams")
    assert done.code == 0
    assert small.git("status", "--porcelain") == ""
    data = done.json
    assert (data["at"], data["written"], data["findings"]) == ("2030-01-01", False, [])
    assert [(row["kind"], row["name"], row["owner"], row["expires"], row["line"]) for row in data["removed"]] == [
        ("waiver", "egress-to-world for shop/two", "ada@example.com", "2199-12-31", 4),
        ("waiver", "ticket-missing for shop/one", "bob@example.com", "2027-01-31", 10),
        ("flow", "shop/two", "checkout", "2027-03-31", 13),
        ("flow", "shop/three", "checkout", "2027-04-01", 21),
    ]
    assert data["files"] == {"changed": [OLD], "removed": [WAIVERS]}
    closed = [(row["effect"], row["source"], row["destination"]) for row in data["impact"]["changes"]]
    assert ("closed", "shop/checkout", "stripe") in closed
    assert {effect for effect, _, _ in closed} <= {"closed", "changed"}
    assert "-  - {name: three" in data["diff"]


def test_the_impact_is_that_of_the_clean_up_even_where_the_rendered_files_are_stale(
    small: GitRepository, ringfence: Cli
) -> None:
    small.write(OLD, MANY)
    done = ringfence("expire", "--at", "2027-04-01", "--dry-run")
    assert "    was allowed by flow shop/two " in done.out
    assert "To see this again: ringfence expire --at 2027-04-01 --dry-run\n" in done.out


def test_a_file_with_windows_line_ends(small: GitRepository, ringfence: Cli) -> None:
    (small.path / OLD).write_bytes(MANY.replace("\n", "\r\n").encode())
    assert ringfence("expire", "--at", "2027-04-01").code == 0
    assert (small.path / OLD).read_bytes() == LEFT.encode()


def test_what_a_guardrail_needs_is_said(small: GitRepository, ringfence: Cli) -> None:
    edit(
        small,
        "policies/guardrails/platform.yaml",
        "guardrails:\n",
        "guardrails:\n  - name: cards-are-charged\n"
        "    must: {from: {workloads: [payments/api]}, to: {peers: [stripe]}, ports: [443/TCP]}\n"
        "    reason: We live on it\n",
    )
    edit(small, "teams/payments/payments/flows.yaml", "ports: [https]", "ports: [https]\n    expires: 2027-03-31")
    done = ringfence("expire", "--at", "2027-05-01", "--format", "json")
    assert (done.code, done.codes) == (1, ["RF302"])
    assert done.json["files"]["removed"] == ["teams/payments/payments/flows.yaml"]
    assert not (small.path / "teams/payments/payments/flows.yaml").exists()


def test_declarations_in_error_are_left_alone(small: GitRepository, ringfence: Cli) -> None:
    prepare(small, ringfence)
    edit(small, FLOWS, "to: payments/api", "to: payments/apy")
    before = snapshot(small.path)
    done = ringfence("expire", "--at", "2030-01-01", "--format", "json")
    assert (done.code, done.codes) == (1, ["RF110"])
    assert snapshot(small.path) == before


def test_a_guardrail_that_was_broken_before_is_said_without_a_base(small: GitRepository, ringfence: Cli) -> None:
    """There is no base revision here: what is compared are the declarations with and without what has expired."""
    text = MANY.replace("to: stripe  # for now", "to: payments/api")
    small.write(OLD, text.replace("expires: 2027-04-01", "expires: 2199-12-31"))
    done = ringfence("expire", "--at", "2027-05-01", "--dry-run")
    [line] = [line for line in done.out.splitlines() if "RF504" in line and "in dev" in line]
    assert line.endswith("(it was broken before, too)")
    assert "the base" not in done.out
