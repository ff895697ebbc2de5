"""A catalogue peer of DNS names alone, through the commands."""

from __future__ import annotations

import pytest
from command_kit import Cli, add_flow, edit

from git_repository import GitRepository

PROD = "policies/clusters/prod.yaml"
PEER = """\
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  mail:
    description: Mail
    owner: platform
    names: [mail.example.com]
    ports: {smtp: 587}
"""
TO_MAIL = ("name: receipts", "from: checkout", "to: mail", "ports: [smtp]", "reason: Receipts", "environments: [prod]")


@pytest.fixture
def names(small: GitRepository) -> GitRepository:
    small.write("policies/catalog/mail.yaml", PEER)
    add_flow(small, *TO_MAIL)
    return small


def test_refused_where_the_dialect_has_no_names(names: GitRepository, ringfence: Cli) -> None:
    done = ringfence("validate", "--format", "json")
    assert (done.code, done.codes) == (1, ["RF332"])
    assert done.json["findings"][0]["path"] == "teams/checkout/shop/flows.yaml"


def test_explained_where_it_has(names: GitRepository, ringfence: Cli) -> None:
    edit(names, PROD, "cni:", "dialect: cilium\ncni:")
    assert ringfence("render").code == 0
    done = ringfence("explain", "--cluster", "prod", "shop/checkout", "mail:587")
    assert done.code == 0
    assert "prod: shop/checkout → mail: allowed on 587/TCP" in done.out
    done = ringfence("explain", "--cluster", "dev", "shop/checkout", "mail:587")
    assert done.code == 2
    assert "no policy speaks of dns:mail.example.com" in done.err


def test_one_of_several_names_is_asked_for(names: GitRepository, ringfence: Cli) -> None:
    edit(names, "policies/catalog/mail.yaml", "[mail.example.com]", "[mail.example.com, mx.example.com]")
    edit(names, PROD, "cni:", "dialect: cilium\ncni:")
    assert ringfence("render").code == 0
    done = ringfence("explain", "--cluster", "prod", "shop/checkout", "mail:587")
    assert done.code == 2
    assert "ask for one of dns:mail.example.com, dns:mx.example.com" in done.err
    done = ringfence("explain", "--cluster", "prod", "shop/checkout", "dns:mx.example.com")
    assert "prod: shop/checkout → dns:mx.example.com: allowed on 587/TCP" in done.out


BOTH = """\
apiVersion: ringfence.dev/v1alpha1
kind: Catalog
peers:
  mail:
    description: Mail
    owner: platform
    cidrs: [198.51.100.0/24]
    names: [mail.example.com, mx.example.com]
    ports: {smtp: 587}
  news:
    description: Mail for many
    owner: platform
    cidrs: [198.51.101.0/24]
    names: [news.example.com]
    ports: {smtp: 587}
"""


def test_a_peer_with_names_and_addresses_is_one_end_in_all_dialects(small: GitRepository, ringfence: Cli) -> None:
    small.write("policies/catalog/mail.yaml", BOTH)
    edit(small, PROD, "cni:", "dialect: cilium\ncni:")
    assert ringfence("render").code == 0
    small.commit("two peers")
    for peer in ("mail", "news"):
        add_flow(small, f"name: to-{peer}", "from: checkout", f"to: {peer}", "ports: [smtp]", "reason: Receipts")
    assert ringfence("render").code == 0
    impact = ringfence("impact", "--base", "HEAD", "--format", "json").json
    rows = [(item["destination"], item["clusters"]) for item in impact["changes"]]
    assert rows == [("mail", ["dev", "prod"]), ("news", ["dev", "prod"])]
    done = ringfence("promote-diff", "dev", "prod", "--format", "json").json
    assert [item for item in done["connections"] if item["source"] == "shop/checkout"] == []
    flows = "teams/checkout/shop/flows.yaml"
    text = (small.path / flows).read_text()
    small.write(flows, text.replace("to: mail", "to: mail\n    environments: [prod]"))
    assert ringfence("render").code == 0
    done = ringfence("promote-diff", "dev", "prod", "--format", "json").json
    rows = [item["destination"] for item in done["connections"] if item["source"] == "shop/checkout"]
    assert rows == ["mail"]
