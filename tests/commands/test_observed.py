"""`observed`, and the gates of `promote` and `impact` on flow logs."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_kit import FLOWS, Cli, snapshot

from git_repository import GitRepository

pytest.importorskip("duckdb", reason="reading flow logs needs the extra ringfence[learn]")

HEADER = (
    "time,source_namespace,source_workload,source_address,destination_namespace,destination_workload,"
    "destination_address,protocol,port,verdict\n"
)
DEV = "policies/clusters/dev.yaml"


def log(path: Path, *rows: str) -> Path:
    """A log of `shop/frontend > payments/api 8443 allowed`, one row a day."""
    lines = [HEADER]
    for number, row in enumerate(rows):
        source, _, destination, port, verdict = row.split()
        sides = []
        for end in (source, destination):
            namespace, sign, workload = end.partition("/")
            sides.append(f"{namespace},{workload}," if sign else f",,{namespace}")
        lines.append(f"2026-01-{number + 1:02}T12:00:00Z,{sides[0]},{sides[1]},TCP,{port},{verdict}\n")
    path.write_text("".join(lines))
    return path


def test_all_that_there_is_to_say(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    permissive(small, ringfence)
    path = log(
        tmp_path / "flows.csv",
        "shop/frontend > shop/checkout 5050 allowed",
        "shop/frontend > shop/checkout 5050 allowed",
        "shop/checkout > payments/api 8443 denied",
        "shop/debug > payments/api 8443 allowed",
        "203.0.113.9 > shop/frontend 22 allowed",
        "10.100.0.7 > shop/frontend 8080 allowed",
        "web/page > web/store 80 allowed",
    )
    done = ringfence("observed", path, "--cluster", "dev")
    assert done.code == 1
    lines = [line.rstrip() for line in done.out.splitlines()]
    assert lines[0] == "dev: 7 records of 1 file, 2026-01-01 12:00 to 2026-01-07 12:00 UTC (6 days)"
    assert (
        done.out.index("Would break on enforce") < done.out.index("Denied in the log") < done.out.index("Declared, nev")
    )
    place, order, card = "teams/checkout/shop/flows.yaml", "flow shop/place-order", "flow shop/authorise-card"
    for line in (
        "  shop/debug (not declared) → payments/api  8443/TCP  1 time, last 2026-01-04 12:00",
        f"  shop/checkout → payments/api  8443/TCP  1 time, last 2026-01-03 12:00  {card}  {place}:9:5",
        "Declared, never seen since 2026-01-01 12:00 UTC: candidates to remove",
        "  payments/api → stripe  443/TCP  flow payments/charge  teams/payments/payments/flows.yaml:4:5",
        f"  shop/frontend → shop/checkout  5050/TCP  2 times, last 2026-01-02 12:00  {order}  {place}:4:5",
        "  shop/debug (not declared)  1  namespace shop declares no such workload",
        "  1 connection from nodes: a node reaches the pods that it runs, whatever policies say",
        "  1 connection on ports that nobody declares, from many tries or from outside: searches",
        "  1 connection of no workload of a team",
        "  The logs span 6 days: what happens weekly or monthly, or only in trouble, is not in them.",
    ):
        assert line in lines, (line, done.out)
    assert done.err == "1 of 3 declared connections seen, 1 never; 1 would break; 1 denied though declared\n"


def test_as_json(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    path = log(
        tmp_path / "flows.csv",
        "shop/frontend > shop/checkout 5050 allowed",
        "shop/checkout > payments/api 8443 denied",
        "shop/debug > payments/api 8443 audited",
    )
    done = ringfence("observed", path, "--cluster", "dev", "--format", "json")
    assert (done.code, done.err) == (1, "")
    data = done.json
    assert data["breaking"] == []
    [breaking] = data["deniedToday"]
    assert breaking["source"] == {
        "end": None,
        "kind": "pod",
        "label": "shop/debug (not declared)",
        "why": "namespace shop declares no such workload",
    }
    assert (breaking["port"], breaking["verdict"], breaking["count"]) == (8443, "audited", 1)
    assert breaking["first"] == breaking["last"] == "2026-01-03T12:00:00Z"
    [denied] = data["denied"]
    assert (denied["name"], denied["denied"]["count"], denied["used"]["count"]) == ("shop/authorise-card", 1, 0)
    assert [item["name"] for item in data["neverSeen"]] == ["payments/charge"]
    assert [(item["name"], item["ports"]) for item in data["seen"]] == [("shop/place-order", {"TCP": [[5050, 5050]]})]
    assert data["notPlaced"][0]["end"] == "shop/debug (not declared)"
    assert set(data["notJudged"].values()) == {0}


def test_nothing_wrong_is_0(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    path = log(
        tmp_path / "flows.csv",
        "shop/frontend > shop/checkout 5050 allowed",
        "shop/debug > shop/checkout 5050 denied",
    )
    done = ringfence("observed", path, "--cluster", "dev")
    assert done.code == 0
    assert "  1 connection denied, and not declared either\n" in done.out
    assert ringfence("observed", path, "--cluster", "dev", "--column", "verdict==allowed").code == 1


def test_many_rows_are_cut_unless_all_are_asked_for(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    path = tmp_path / "flows.csv"
    rows = [f"2026-01-01T12:00:00Z,shop,pod{n:02},,payments,api,,TCP,8443,allowed\n" for n in range(60)]
    path.write_text(HEADER + "".join(rows))
    done = ringfence("observed", path, "--cluster", "dev")
    assert "  and 20 more: --all prints them\n" in done.out
    assert "shop/pod59" not in done.out
    assert "shop/pod59" in ringfence("observed", path, "--cluster", "dev", "--all").out


def permissive(small: GitRepository, ringfence: Cli) -> None:
    text = (small.path / DEV).read_text()
    small.write(DEV, text.replace("cni:", "stage: permissive\ncni:"))
    (small.path / "policies/guardrails/platform.yaml").unlink()
    assert ringfence("render").code == 0
    small.commit()


def test_promote_refuses_where_traffic_would_break(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    permissive(small, ringfence)
    path = log(
        tmp_path / "flows.csv",
        "shop/frontend > payments/api 9000 allowed",
        "shop/frontend > payments/api 9001 allowed",
        "shop/frontend > shop/checkout 5050 allowed",
        "203.0.113.9 > shop/frontend 22 allowed",
    )
    before = snapshot(small.path)
    done = ringfence("promote", "payments", "--cluster", "dev", "--observed", path)
    assert done.code == 1
    assert snapshot(small.path) == before
    assert (
        "teams/payments/payments/namespace.yaml:1:1: error RF618 seen-traffic-breaks: shop/frontend → payments/api on "
        "9000/TCP, 9001/TCP was seen 2 times, the last at 2026-01-02 12:00 UTC, and no declaration allows it: it "
        "breaks when ingress of payments is enforced\n"
    ) in done.out
    assert done.err == "Nothing was written: the flow logs show traffic that breaks in dev.\n"
    data = ringfence("promote", "--all", "--cluster", "dev", "--observed", path, "--format", "json")
    assert data.codes == ["RF618"]
    # shop calls, so only its way out would break; what payments sends is not in the log
    assert ringfence("promote", "shop", "--cluster", "dev", "--observed", path).code == 1
    assert "egress of shop" in ringfence("promote", "shop", "--cluster", "dev", "--observed", path).out
    for words in (
        ("payments", "--direction", "egress"),
        ("payments", "--to", "permissive"),
        ("shop", "--direction", "ingress"),
    ):
        done = ringfence("promote", *words, "--cluster", "dev", "--observed", path, "--dry-run")
        assert done.code == 0, done


def test_what_is_enforced_already_is_denied_today(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    """It does not keep the other direction from being enforced, which closes nothing of it."""
    permissive(small, ringfence)
    path = log(tmp_path / "flows.csv", "shop/frontend > payments/api 9000 allowed")
    words = ("payments", "--cluster", "dev", "--observed", path)
    assert ringfence("promote", "shop", "--cluster", "dev", "--direction", "egress").code == 0
    done = ringfence("observed", path, "--cluster", "dev")
    assert done.code == 1
    assert (
        "Denied today: seen, not declared, and enforced already\n  shop/frontend → payments/api  9000/TCP" in done.out
    )
    assert "Would break" not in done.out
    assert (
        done.err
        == "0 of 3 declared connections seen, 3 never; 0 would break; 1 denied today; 0 denied though declared\n"
    )
    assert ringfence("promote", *words, "--dry-run").code == 0


def undecided(small: GitRepository, level: str, path: Path) -> None:
    """A log with pings and a line that cannot be read, and the level of the gate on it."""
    settings = small.path / "policies/ringfence.yaml"
    if level:
        settings.write_text(settings.read_text() + f"gates: {{undecided-traffic: {level}}}\n")
    log(path, "shop/frontend > shop/checkout 5050 allowed")
    rows = ["2026-01-02T12:00:00Z,shop,frontend,,payments,api,,ICMP,,allowed\n"] * 7
    path.write_text(path.read_text() + "".join(rows) + "2026-01-02T12:00:00Z,shop,frontend\n")


@pytest.mark.parametrize(
    ("level", "severity", "code"),
    [("", "warning", 0), ("warn", "warning", 0), ("ignore", "info", 0), ("error", "error", 1)],
)
def test_promote_is_never_silent_on_what_logs_do_not_decide(
    small: GitRepository, ringfence: Cli, tmp_path: Path, level: str, severity: str, code: int
) -> None:
    permissive(small, ringfence)
    path = tmp_path / "flows.csv"
    undecided(small, level, path)
    before = (small.path / DEV).read_bytes()
    done = ringfence("promote", "payments", "--cluster", "dev", "--observed", path)
    assert done.code == code, done
    assert (
        f"teams/payments/payments/namespace.yaml:1:1: {severity} RF619 seen-traffic-undecided: 7 connections in "
        "ingress of payments may break when it is enforced, and may not: no policy names the protocol "
        "(shop/frontend → payments/api on ICMP)\n"
    ) in done.all
    assert f"{DEV}:1:1: {severity} RF619 seen-traffic-undecided: 1 record of the flow logs cannot be read" in done.all
    assert ((small.path / DEV).read_bytes() == before) is bool(code)
    if code:
        assert done.err == "Nothing was written: the flow logs do not say whether traffic breaks in dev.\n"
    data = ringfence("promote", "payments", "--cluster", "dev", "--observed", path, "--format", "json", "--dry-run")
    assert data.code == code
    assert [item["severity"] for item in data.json["findings"]][:2] == [severity] * 2 or code == 0


def test_records_that_cannot_be_read_matter_only_where_something_closes(
    small: GitRepository, ringfence: Cli, tmp_path: Path
) -> None:
    permissive(small, ringfence)
    path = tmp_path / "flows.csv"
    undecided(small, "error", path)
    assert ringfence("promote", "payments", "--cluster", "dev", "--direction", "ingress").code == 0
    words = ("promote", "payments", "--cluster", "dev", "--observed", path)
    assert ringfence(*words).code == 1
    done = ringfence(*words, "--direction", "ingress")
    assert (done.code, "RF619" in done.all) == (0, False), done
    assert "1 namespace of dev at stage enforce already" in done.err


def test_promote_names_a_peer_of_many_addresses_once(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    permissive(small, ringfence)
    addresses = ("203.0.113.9", "203.0.113.10", "203.0.113.11")
    path = log(tmp_path / "flows.csv", *(f"{address} > shop/checkout 5050 allowed" for address in addresses))
    done = ringfence("promote", "shop", "--cluster", "dev", "--observed", path)
    assert done.out.count("RF618") == 1
    assert "internet (203.0.113.10) and 2 more → shop/checkout on 5050/TCP was seen 3 times" in done.out


def test_impact_says_what_is_used(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    path = log(tmp_path / "flows.csv", *["shop/frontend > shop/checkout 5050 allowed"] * 3)
    text = (small.path / FLOWS).read_text()
    start, end = text.index("  - name: place-order"), text.index("  - name: authorise-card")
    small.write(FLOWS, text[:start] + text[end:])
    assert ringfence("render").code == 0
    done = ringfence("impact", "--base", "main", "--observed", f"dev={path}")
    assert done.code == 1
    assert "    USED 3 times, last 2026-01-03 12:00 UTC\n" in done.out
    assert "  failed   used-connections: shop/frontend → shop/checkout closes on 5050/TCP in dev, prod" in done.out
    assert f"--observed dev={path}" in done.out
    markdown = ringfence("impact", "--base", "main", "--observed", f"dev={path}", "--format", "markdown").out
    assert "⚠️ **used 3 times, last 2026-01-03 12:00 UTC**" in markdown
    html = ringfence("impact", "--base", "main", "--observed", f"dev={path}", "--format", "html").out
    assert "used 3 times, last 2026-01-03 12:00 UTC" in html
    data = ringfence("impact", "--base", "main", "--observed", f"dev={path}", "--format", "json").json
    [change] = data["changes"]
    assert (change["used"]["count"], data["logs"]) == (3, ["dev"])
    more = ("--observed-threshold", "3")
    assert ringfence("impact", "--base", "main", "--observed", f"dev={path}", *more).code == 0
    assert ringfence("impact", "--base", "main", "--cluster", "dev", "--observed", path).code == 1
    unused = log(tmp_path / "other.csv", "shop/checkout > payments/api 8443 allowed")
    done = ringfence("impact", "--base", "main", "--observed", f"dev={unused}")
    assert done.code == 0
    assert "    not used in the logs\n" in done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--observed", "{log}"], "a log is of one cluster"),
        (["--observed", "dve={log}"], "did you mean dev?"),
        (["--observed", "dev=no.csv"], "no.csv"),
        (["--observed", "dev={log}", "--observed-threshold", "-1"], "'-1' is not a number from 0"),
        (["--observed", "dev={log}", "--observed-threshold", "x"], "'x' is not a number from 0"),
    ],
)
def test_logs_that_cannot_be_meant(
    small: GitRepository, ringfence: Cli, tmp_path: Path, words: list[str], said: str
) -> None:
    path = log(tmp_path / "flows.csv", "shop/frontend > shop/checkout 5050 allowed")
    done = ringfence("impact", "--base", "main", *(word.format(log=path) for word in words))
    assert done.code == 2
    assert said in done.err
