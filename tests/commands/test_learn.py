"""`learn` and `simulate`, with real logs that a reader reads."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from command_kit import FLOWS, Cli, add_flow, edit, snapshot

from git_repository import GitRepository

pytest.importorskip("duckdb", reason="reading flow logs needs the extra ringfence[learn]")

PAYMENTS = "teams/payments/payments/flows.yaml"
LEARNT = "teams/checkout/shop/learnt-dev.yaml"
EMPTY = "apiVersion: ringfence.dev/v1alpha1\nkind: Flows\nflows: []\n"
SETTINGS = "policies/ringfence.yaml"


@pytest.fixture
def log(small: GitRepository, ringfence: Cli, tmp_path: Path) -> Path:
    """A noisy log of dev, as all flows of the small repository make it; then the flows are gone."""
    path = tmp_path / "hubble.json.gz"
    assert ringfence("simulate", "--cluster", "dev", "--into", path).code == 0
    for flows in (FLOWS, PAYMENTS):
        small.write(flows, EMPTY)
    small.commit()
    return path


def flows_of(ringfence: Cli) -> dict[str, dict[str, Any]]:
    return {row["flow"]: row for row in ringfence("flows", "--format", "json").json["flows"]}


def test_what_is_seen_is_proposed_and_valid(small: GitRepository, ringfence: Cli, log: Path) -> None:
    before = snapshot(small.path)
    done = ringfence("learn", log, "--cluster", "dev")
    assert done.code == 0, done
    after = snapshot(small.path)
    new = ["teams/checkout/shop/learnt-dev.yaml", "teams/payments/payments/learnt-dev.yaml"]
    assert {path for path in after if after[path] != before.get(path)} == set(new)
    assert "  2 flows in teams/checkout/shop/learnt-dev.yaml\n" in done.out
    assert done.err.startswith("3 flows proposed; no findings\n")
    assert sorted(flows_of(ringfence)) == [
        "payments/api-to-stripe",
        "shop/checkout-to-api",
        "shop/frontend-to-checkout",
    ]
    assert flows_of(ringfence)["payments/api-to-stripe"]["environments"] == ["dev"]
    assert "hubble.json.gz (" in (small.path / LEARNT).read_text()
    assert ringfence("validate").code == 0
    assert ringfence("fmt", "--check").code == 0
    assert ringfence("render").code == 0
    assert ringfence("verify").code == 0
    assert ringfence("observed", log, "--cluster", "dev").code == 0


def test_a_second_run_proposes_nothing(small: GitRepository, ringfence: Cli, log: Path) -> None:
    assert ringfence("learn", log, "--cluster", "dev").code == 0
    before = snapshot(small.path)
    done = ringfence("learn", log, "--cluster", "dev")
    assert (done.code, done.err) == (0, "0 flows proposed; no findings\n")
    assert snapshot(small.path) == before


def test_a_dry_run_writes_nothing_and_shows_all(small: GitRepository, ringfence: Cli, log: Path) -> None:
    before = snapshot(small.path)
    done = ringfence("learn", log, "--cluster", "dev", "--dry-run")
    assert snapshot(small.path) == before
    assert f"+++ b/{LEARNT}\n" in done.out
    assert "+  - name: frontend-to-checkout\n" in done.out
    assert done.err == "3 flows would be proposed; no findings\n"
    data = ringfence("learn", log, "--cluster", "dev", "--dry-run", "--format", "json").json
    assert (data["written"], data["files"][0]) == (False, LEARNT)
    assert [flow["flow"] for flow in data["flows"]] == sorted(flows_of_json(data))
    [evidence] = data["flows"][0]["evidence"]
    assert (evidence["source"], evidence["port"]) == ("payments/api", "443/TCP")
    assert evidence["count"] == data["flows"][0]["count"] > 0
    assert data["logs"]["files"] == 1
    assert data["refused"] == data["findings"] == data["left"] == []


def flows_of_json(data: dict[str, Any]) -> list[str]:
    return [flow["flow"] for flow in data["flows"]]


def test_a_flow_that_exists_is_not_proposed_and_its_file_not_touched(
    small: GitRepository, ringfence: Cli, log: Path
) -> None:
    small.write(FLOWS, EMPTY.replace(" []", ""))
    add_flow(small, "name: order", "from: frontend", "to: checkout", "ports: [grpc]", "reason: By hand")
    before = (small.path / FLOWS).read_bytes()
    assert ringfence("learn", log, "--cluster", "dev").code == 0
    assert (small.path / FLOWS).read_bytes() == before
    assert sorted(flows_of(ringfence)) == ["payments/api-to-stripe", "shop/checkout-to-api", "shop/order"]


def test_what_validate_would_refuse_is_not_written(small: GitRepository, ringfence: Cli, log: Path) -> None:
    edit(small, "teams/payments/payments/namespace.yaml", "accepts: [shop/checkout]", "accepts: [shop/frontend]")
    small.write(SETTINGS, (small.path / SETTINGS).read_text().replace("consent: review", "") + "consent: declared\n")
    assert ringfence("validate").code == 0
    done = ringfence("learn", log, "--cluster", "dev")
    assert done.code == 1
    assert "Refused by checks, and not written\n  RF204 payments/api does not accept shop/checkout" in done.out
    assert sorted(flows_of(ringfence)) == ["payments/api-to-stripe", "shop/frontend-to-checkout"]
    assert ringfence("validate").code == 0


def test_tickets_where_they_are_required(small: GitRepository, ringfence: Cli, log: Path) -> None:
    small.write(SETTINGS, (small.path / SETTINGS).read_text() + "tickets: required\n")
    done = ringfence("learn", log, "--cluster", "dev", "--dry-run")
    assert done.code == 1
    assert "RF322" in done.out
    assert done.err.startswith("0 flows would be proposed")
    assert ringfence("learn", log, "--cluster", "dev", "--ticket", "SEC-1").code == 0
    assert {row["ticket"] for row in flows_of(ringfence).values()} == {"SEC-1"}


def test_what_the_logs_cannot_show_is_said(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    row = {
        "flow": {
            "time": "2026-01-01T00:00:00Z",
            "verdict": "FORWARDED",
            "IP": {"source": "10.0.0.5", "destination": "10.0.0.6", "ipVersion": "IPv4"},
            "l4": {"TCP": {"source_port": 40000, "destination_port": 8080}},
            "source": {"namespace": "web", "pod_name": "page-0", "labels": ["k8s:app=page"]},
            "destination": {"namespace": "shop", "pod_name": "frontend-0", "labels": ["k8s:app=frontend"]},
            "Type": "L3_L4",
            "event_type": {"type": 4},
            "traffic_direction": "INGRESS",
            "is_reply": False,
        }
    }
    path = tmp_path / "one.json"
    path.write_text(json.dumps(row) + "\n{ broken\n")
    add_workload(small)
    done = ringfence("learn", path, "--cluster", "dev", "--dry-run")
    assert done.code == 0, done
    assert "1 connection: web/page" in done.out
    assert "namespace web is neither a team's nor in the catalogue" in done.out
    assert "The logs span 0 minutes: what happens weekly or monthly, or only in trouble, is not in them." in done.out
    assert "Nothing was seen of 3 workloads at all: payments/api, shop/checkout, shop/nightly-report." in done.out
    assert "By their names these may be jobs: shop/nightly-report." in done.out
    assert "What could not be read" in done.out
    assert "one.json:2: " in done.out
    assert done.err == "0 flows would be proposed; no findings\n"


def add_workload(small: GitRepository) -> None:
    path = "teams/checkout/shop/namespace.yaml"
    text = (small.path / path).read_text()
    small.write(path, text.rstrip("\n") + "\n  nightly-report:\n    labels: {app: nightly-report}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["learn", "{log}"], "a log is of one cluster, and it does not say of which"),
        (["learn", "{log}", "--cluster", "de"], "did you mean dev?"),
        (["learn", "no.json", "--cluster", "dev"], "no.json"),
        (["learn", "{empty}", "--cluster", "dev"], "no record of"),
        (["learn", "{log}", "--cluster", "dev", "--column", "pod"], "'pod' is not NAME=COLUMN"),
        (["simulate", "--cluster", "dev", "--connections", "3"], "cannot show each of"),
        (["simulate", "--cluster", "dev", "--connections", "0"], "is not a number from 1 on"),
        (["simulate", "--cluster", "dev", "--into", "no/such/folder.json"], "cannot write no/such/folder.json"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    small: GitRepository, ringfence: Cli, tmp_path: Path, arguments: list[str], said: str
) -> None:
    log, empty = tmp_path / "log.json", tmp_path / "empty.json"
    assert ringfence("simulate", "--cluster", "dev", "--into", log).code == 0
    empty.write_text("")
    done = ringfence(*(text.format(log=log, empty=empty) for text in arguments))
    assert done.code == 2
    assert said in done.err


def test_declarations_in_error_are_told_first(small: GitRepository, ringfence: Cli, log: Path) -> None:
    small.write(FLOWS, EMPTY.replace("flows:", "flow:"))
    for command in ("learn", "observed"):
        done = ringfence(command, log, "--cluster", "dev")
        assert done.code == 1
        assert "RF0" in done.out


@pytest.mark.parametrize("form", ["hubble", "calico", "goldmane", "csv"])
def test_each_form_is_found_again(small: GitRepository, ringfence: Cli, form: str) -> None:
    # Goldmane has no addresses, and so nothing of what is outside
    lost = "  missed: payments/api → stripe 443/TCP\n" if form == "goldmane" else ""
    recall = "0.667: 2" if lost else "1.000: 3"
    for noise in ("none", "usual"):
        done = ringfence("simulate", "--cluster", "prod", "--form", form, "--noise", noise, "--score")
        said = f"precision 1.000, recall {recall} of 3 edges found, 0 proposed that are none\n"
        assert (done.code, done.out) == (int(bool(lost)), f"prod, {form}, noise {noise}: {said}{lost}")


def test_this_repository_is_found_again_in_a_noisy_log(ringfence: Cli) -> None:
    root = Path(__file__).parents[2]
    name = min(path.stem for path in (root / "policies/clusters").glob("*.yaml"))
    done = ringfence("simulate", "-C", root, "--cluster", name, "--score", "--format", "json")
    assert done.code == 0, done
    data = done.json
    assert (data["precision"], data["recall"], data["missed"], data["wrong"]) == (1.0, 1.0, [], [])


def test_simulated_logs_are_the_same_again(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    one, two = tmp_path / "one.csv.gz", tmp_path / "two.csv.gz"
    for path in (one, two):
        done = ringfence("simulate", "--cluster", "dev", "--form", "csv", "--into", path, "--format", "json")
        assert done.json == {"cluster": "dev", "file": str(path), "form": "csv", "lost": []}
    assert one.read_bytes() == two.read_bytes()
    printed = ringfence("simulate", "--cluster", "dev", "--form", "csv")
    assert printed.out == gzip.decompress(one.read_bytes()).decode()
    assert printed.err == "a log of 11 pairs of ends and ports of dev\n"
    other = ringfence("simulate", "--cluster", "dev", "--form", "csv", "--seed", "1")
    assert other.out != printed.out


def test_a_cluster_in_which_nothing_is_declared(small: GitRepository, ringfence: Cli) -> None:
    for path in (FLOWS, PAYMENTS):
        small.write(path, EMPTY)
    (small.path / "policies/baseline/platform.yaml").unlink()
    (small.path / "policies/guardrails/platform.yaml").unlink()
    done = ringfence("simulate", "--cluster", "dev")
    assert done.code == 2
    assert "nothing is declared for dev" in done.err
