"""lint on the rendered policies of a repository."""

from __future__ import annotations

from command_kit import CHECKOUT, Cli, edit

from git_repository import GitRepository


def test_rendered_policies_have_no_finding(small: GitRepository, ringfence: Cli) -> None:
    done = ringfence("lint")
    assert (done.code, done.out) == (0, "10 policies in dev, prod; no findings\n")
    assert ringfence("lint", "--cluster", "dev").out == "5 policies in dev; no findings\n"


def test_a_rule_that_somebody_adds_by_hand(small: GitRepository, ringfence: Cli) -> None:
    text = (small.path / CHECKOUT).read_text()
    rule = text[text.index("\n    - from:") : text.index("\n  egress:")]
    edit(small, CHECKOUT, "\n  egress:", f"{rule}\n  egress:")
    done = ringfence("lint", "--fail-on", "info", "--format", "json")
    assert (done.code, set(done.codes)) == (1, {"RF751"})
    assert done.json["findings"][0]["path"] == CHECKOUT


def test_options_that_go_with_manifests_only(small: GitRepository, ringfence: Cli) -> None:
    assert ringfence("lint", "--cni", "calico").code == 2
    assert ringfence("lint", "--manifests", small.path, "--cluster", "dev").code == 2
