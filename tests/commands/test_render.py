from __future__ import annotations

import os
import shutil

import pytest
from command_kit import CALL_BACK, CHECKOUT, FLOWS, Cli, add_flow, edit, snapshot

from git_repository import GitRepository

OVERLAY = "policies/rendered/overlays/prod/checkout/shop/kustomization.yaml"


def drift(ringfence: Cli, *more: str) -> list[tuple[str, str]]:
    """The codes and paths of `render --check`, which must write nothing."""
    done = ringfence("render", "--check", "--format", "json", *more)
    assert done.code == (1 if done.codes else 0)
    return [(item["code"], item["path"]) for item in done.json["findings"]]


def test_a_current_tree_stays_as_it_is(small: GitRepository, ringfence: Cli) -> None:
    before = snapshot(small.path)
    assert ringfence("render", "--check").out == "32 rendered files checked; no findings\n"
    done = ringfence("render")
    assert (done.code, done.out, done.err) == (0, "0 files created, 0 changed, 0 removed, 32 unchanged\n", "")
    assert snapshot(small.path) == before


def test_the_first_render(plain: GitRepository, ringfence: Cli) -> None:
    before = snapshot(plain.path)
    shutil.rmtree(plain.path / "policies/rendered")
    assert len(drift(ringfence)) == 32
    assert not (plain.path / "policies/rendered").exists()
    done = ringfence("render", "--format", "json")
    assert {name: len(paths) for name, paths in done.json.items()} == {
        "created": 32,
        "changed": 0,
        "removed": 0,
        "unchanged": 0,
    }
    assert snapshot(plain.path) == before


def test_check_names_missing_extra_changed_and_untracked(small: GitRepository, ringfence: Cli) -> None:
    before = snapshot(small.path)
    (small.path / OVERLAY).unlink()
    small.write(CHECKOUT, "---\n")
    small.write("policies/rendered/base/checkout/shop/tracked.yaml")
    small.commit()
    small.write("policies/rendered/untracked")
    small.write("policies/rendered/ignored.log")
    small.write(".git/info/exclude", "*.log\n")
    broken = snapshot(small.path)
    assert drift(ringfence) == [
        ("RF402", CHECKOUT),
        ("RF401", "policies/rendered/base/checkout/shop/tracked.yaml"),
        ("RF401", "policies/rendered/ignored.log"),
        ("RF400", OVERLAY),
        ("RF401", "policies/rendered/untracked"),
    ]
    assert snapshot(small.path) == broken
    done = ringfence("render")
    assert done.out == "1 file created, 1 changed, 3 removed, 30 unchanged\n"
    assert f"created {OVERLAY}\n" in done.err
    assert f"changed {CHECKOUT}\n" in done.err
    assert "removed policies/rendered/untracked\n" in done.err
    assert snapshot(small.path) == before


def test_only_what_a_flow_touches_is_written(small: GitRepository, ringfence: Cli) -> None:
    add_flow(small, *CALL_BACK)
    expected = [CHECKOUT, CHECKOUT.replace("checkout.yaml", "frontend.yaml")]
    assert drift(ringfence) == [("RF402", path) for path in expected]
    assert ringfence("render", "--format", "json").json["changed"] == expected
    assert drift(ringfence) == []


def test_one_cluster(small: GitRepository, ringfence: Cli) -> None:
    dev = OVERLAY.replace("/prod/", "/dev/")
    small.write(OVERLAY, "changed\n")
    small.write(dev, "changed\n")
    assert drift(ringfence, "--cluster", "prod") == [("RF402", OVERLAY)]
    assert ringfence("render", "--cluster", "prod", "--format", "json").json["changed"] == [OVERLAY]
    assert drift(ringfence) == [("RF402", dev)]
    assert ringfence("render", "--check", "--cluster", "prod").out == "9 rendered files checked; no findings\n"


@pytest.mark.parametrize("command", ["render", "verify", "connections", "impact"])
def test_an_unknown_cluster(small: GitRepository, ringfence: Cli, command: str) -> None:
    for name in ("prd", ""):
        done = ringfence(command, "--cluster", name)
        assert (done.code, done.out) == (2, "")
        assert f"there is no cluster {name!r}" in done.err
    assert "did you mean prod?" in ringfence(command, "--cluster", "prd").err


def test_declarations_in_error_render_nothing(small: GitRepository, ringfence: Cli) -> None:
    edit(small, FLOWS, "ports: [grpc]", "ports: [grcp]")
    before = snapshot(small.path)
    for command in (["render"], ["render", "--check"], ["verify"], ["connections"], ["owners"], ["impact"]):
        done = ringfence(*command, "--format", "json")
        assert (done.code, done.codes) == (1, ["RF111"])
    assert snapshot(small.path) == before


def test_junk_in_the_tree_is_removed_and_links_are_never_followed(
    small: GitRepository, ringfence: Cli, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = snapshot(small.path)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "precious").write_text("kept")
    tree = small.path / "policies/rendered"
    (tree / "link").symlink_to(elsewhere)
    (small.path / CHECKOUT).unlink()
    (small.path / CHECKOUT).symlink_to(elsewhere / "precious")
    os.mkfifo(tree / "pipe")
    (tree / "deep/er").mkdir(parents=True)
    (tree / "deep/er/.git").mkdir()
    (tree / "deep/er/.git/HEAD").write_text("ref: refs/heads/main")
    (tree / "a\nb").touch()
    (tree / "gitops/.ringfence-0-0").touch()
    found = drift(ringfence)
    assert ("RF403", CHECKOUT) in found
    assert ("RF401", "policies/rendered/link") in found
    assert ("RF401", "policies/rendered/pipe") in found
    assert ("RF401", "policies/rendered/deep/er/.git/HEAD") in found
    assert ringfence("render").code == 0
    assert snapshot(small.path) == before
    assert (elsewhere / "precious").read_text() == "kept"


def test_a_rendered_folder_that_leaves_the_repository_is_refused(
    small: GitRepository, ringfence: Cli, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    shutil.rmtree(small.path / "policies/rendered")
    (small.path / "policies/rendered").symlink_to(elsewhere)
    for command in (["render"], ["render", "--check"], ["verify"], ["impact"]):
        done = ringfence(*command, "--format", "json")
        assert (done.code, done.codes) == (1, ["RF040"])
    assert list(elsewhere.iterdir()) == []


TEMPLATE = "policies/templates/kubernetes/policy.yaml.j2"


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        (TEMPLATE, "{{ nmae }}\n", "'nmae' is undefined"),
        (TEMPLATE, "kind: Nothing\n", "policy.yaml.j2"),
        (TEMPLATE, "{% for x in\n", "the template fails"),
        (TEMPLATE, "{{ ''.__class__.__mro__ }}\n", "the template fails"),
        (TEMPLATE, "{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}\n", "recursion"),
        (TEMPLATE, "{% include '/etc/passwd' %}\n", "the template fails"),
        ("policies/templates/kubernetes/nope.j2", "x", "there is no template of this name"),
    ],
)
def test_templates_of_the_repository_that_fail(
    small: GitRepository, ringfence: Cli, path: str, content: str, said: str
) -> None:
    small.write(path, content)
    before = snapshot(small.path)
    for command in (["render"], ["render", "--check"], ["impact", "--base", "HEAD"]):
        done = ringfence(*command)
        assert (done.code, done.out) == (1, "")
        assert path in done.err
        assert said in done.err
    assert snapshot(small.path) == before
    assert ringfence("validate").code == 0


def test_a_template_that_is_a_link_is_not_passed_over(small: GitRepository, ringfence: Cli) -> None:
    link = small.write(TEMPLATE)
    link.unlink()
    link.symlink_to("/etc/passwd")
    for command in ("validate", "render"):
        done = ringfence(command, "--format", "json")
        assert (done.code, done.codes) == (1, ["RF040"])


def test_a_template_of_the_repository_is_used(small: GitRepository, ringfence: Cli) -> None:
    from ringfence.render import templates

    small.write(TEMPLATE, "# From our own template\n" + templates.packaged(templates.POLICY))
    assert ringfence("render").code == 0
    assert "# From our own template" in (small.path / CHECKOUT).read_text()
    assert ringfence("verify").code == 0
