from __future__ import annotations

import pytest
from command_kit import FLOWS, Cli, add_flow, edit

from git_repository import GitRepository

PAYMENTS = "teams/payments/payments/flows.yaml"


def found(ringfence: Cli, *arguments: str) -> list[str]:
    done = ringfence("flows", *arguments, "--format", "json")
    assert done.code == 0
    return [row["flow"] for row in done.json["flows"]]


def test_all_flows_as_text(small: GitRepository, ringfence: Cli) -> None:
    done = ringfence("flows")
    assert done.code == 0
    assert [line.split() for line in done.out.splitlines()] == [
        ["FLOW", "FROM", "TO", "PORTS", "ENVIRONMENTS", "OWNER", "EXPIRES", "WHERE"],
        f"payments/charge payments/api stripe https dev, prod payments never {PAYMENTS}:4".split(),
        [
            "shop/authorise-card",
            "shop/checkout",
            "payments/api",
            "https",
            "dev,",
            "prod",
            "checkout",
            "never",
            f"{FLOWS}:9",
        ],
        [
            "shop/place-order",
            "shop/frontend",
            "shop/checkout",
            "grpc",
            "dev,",
            "prod",
            "checkout",
            "never",
            f"{FLOWS}:4",
        ],
    ]
    assert done.err == "3 flows of 3 declared; no findings\n"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--from", "shop/checkout"], ["shop/authorise-card"]),
        (["--from", "shop/*"], ["shop/authorise-card", "shop/place-order"]),
        (["--to", "stripe"], ["payments/charge"]),
        (["--from", "shop/frontend", "--to", "payments/api"], []),
        (["--owner", "checkout"], ["shop/authorise-card", "shop/place-order"]),
        (["--owner", "payments", "--env", "dev"], ["payments/charge"]),
        (["shop/place-order", "payments/charge"], ["payments/charge", "shop/place-order"]),
        (["shop/place-order", "--from", "shop/checkout"], []),
    ],
)
def test_what_is_asked_for(small: GitRepository, ringfence: Cli, options: list[str], expected: list[str]) -> None:
    assert found(ringfence, *options) == expected


def test_a_flow_of_one_environment_with_all_that_it_says(small: GitRepository, ringfence: Cli) -> None:
    add_flow(
        small,
        "name: look-up",
        "from: [frontend, checkout]",
        "to: payments/api",
        "ports: [https, 9443]",
        "reason: The page shows the card",
        "environments: [dev]",
        "expires: 2020-01-31",
        "ticket: SEC-1",
    )
    assert "shop/look-up" not in found(ringfence, "--env", "prod")
    row = ringfence("flows", "--from", "shop/frontend", "--to", "payments/api", "--format", "json").json["flows"]
    assert (
        row
        == [
            {
                "flow": "shop/look-up",
                "from": ["shop/frontend"],
                "to": ["payments/api"],
                "ports": ["https", "9443"],
                "environments": ["dev"],
                "owner": "checkout",
                "reason": "The page shows the card",
                "expires": "2020-01-31",
                "ticket": "SEC-1",
                "path": FLOWS,
                "line": 14,
                "column": 5,
            }
        ]
        or ringfence("validate").out
    )


@pytest.mark.parametrize(
    ("options", "near"),
    [
        (["--from", "shop/chekout"], "did you mean shop/checkout?"),
        (["--to", "api"], "did you mean payments/api?"),
        (["--owner", "check-out"], "did you mean checkout?"),
        (["--env", "prodd"], "did you mean prod?"),
        (["shop/place-orders"], "did you mean shop/place-order?"),
        (["place-order"], "did you mean shop/place-order?"),
        (["payments/place-ordr"], "did you mean shop/place-order?"),
        (["nosuch"], "the flows are "),
        (["--env", "zzz"], "the environments are dev, prod"),
    ],
)
def test_unknown_names(small: GitRepository, ringfence: Cli, options: list[str], near: str) -> None:
    done = ringfence("flows", *options)
    assert (done.code, done.out) == (2, "")
    assert near in done.err


def test_flows_are_found_beside_files_in_error(small: GitRepository, ringfence: Cli) -> None:
    edit(small, FLOWS, "to: payments/api", "to: payments/apy")
    done = ringfence("flows", "--format", "json")
    assert (done.code, done.codes) == (1, ["RF110"])
    assert [row["flow"] for row in done.json["flows"]] == ["payments/charge", "shop/place-order"]
    done = ringfence("flows")
    assert done.code == 1
    assert "did you mean `payments/api`?" in done.err
    (small.path / "policies/ringfence.yaml").write_text("kind: Settings\n")
    assert ringfence("flows").code == 1
