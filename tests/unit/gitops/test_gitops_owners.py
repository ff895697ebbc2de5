from __future__ import annotations

import fnmatch
import re
import subprocess
from pathlib import Path

import pytest
from gitops_models import make_model
from hypothesis import given
from hypothesis import strategies as st

from ringfence import gitops
from ringfence.model.types import Model

PLATFORM = ("@example/platform", "security@example.com")
MODEL = make_model(
    {"shop": ["shop", "cart"], "payments": ["payments"], "base": ["base"], "overlays": ["teams"]},
    {"prod": ("prod", "prod", "{namespace}"), "shop": ("dev", "dev", "{namespace}")},
)
SEGMENTS = ("teams", "policies", "rendered", "base", "overlays", "gitops", "argocd", "prod", "shop", "payments", "cart",
            "tools", "catalog", "team.yaml", "flows.yaml", "CODEOWNERS")  # fmt: skip
PATHS = [
    ("tools/ringfence/cli.py", PLATFORM),
    ("CODEOWNERS", PLATFORM),
    (".gitlab-ci.yml", PLATFORM),
    ("policies/ringfence.yaml", PLATFORM),
    ("policies/waivers/internet.yaml", PLATFORM),
    ("policies/templates/kubernetes/policy.yaml.j2", PLATFORM),
    ("teams/README.md", PLATFORM),
    ("teams/shop", PLATFORM),
    ("teams/nobody/team.yaml", PLATFORM),
    ("other/teams/shop/team.yaml", PLATFORM),
    ("teams/shop/team.yaml", ("@example/shop",)),
    ("teams/shop/cart/flows.yaml", ("@example/shop",)),
    ("teams/payments/payments/flows.yaml", ("@example/payments",)),
    ("policies/rendered/base/payments/payments/ringfence.yaml", ("@example/payments",)),
    ("policies/rendered/base/payments", PLATFORM),
    ("policies/rendered/overlays/prod/payments/payments/kustomization.yaml", ("@example/payments",)),
    ("policies/rendered/overlays/shop/payments/payments/kustomization.yaml", ("@example/payments",)),
    ("policies/rendered/overlays/prod/payments", PLATFORM),
    ("policies/rendered/overlays/prod/_cluster/tier.yaml", PLATFORM),
    ("policies/rendered/gitops/argocd/prod/appprojects/payments.yaml", PLATFORM),
    ("policies/rendered/gitops/flux/shop/payments/x.yaml", PLATFORM),
]
paths = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=7).map("/".join)


@pytest.mark.parametrize(("path", "owners"), PATHS)
def test_who_approves(path, owners):
    assert gitops.owners_of(MODEL, path) == owners


def test_the_file(model: Model):
    assert gitops.codeowners(model).decode() == (
        "# Written by `ringfence owners` from policies/ringfence.yaml and teams/*/team.yaml."
        " Change those and write it again.\n"
        "# The last line that matches a path names those who approve a change of it.\n"
        "* @example/platform security@example.com\n"
        "\n"
        "/teams/payments/ @example/payments\n"
        "/policies/rendered/base/payments/ @example/payments\n"
        "/policies/rendered/overlays/*/payments/ @example/payments\n"
        "\n"
        "/teams/shop/ @example/shop\n"
        "/policies/rendered/base/shop/ @example/shop\n"
        "/policies/rendered/overlays/*/shop/ @example/shop\n"
    )


def lines(model: Model) -> list[tuple[str, tuple[str, ...]]]:
    text = gitops.codeowners(model).decode()
    entries = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return [(pattern, tuple(owners)) for pattern, *owners in entries]


def gitlab(model: Model, path: str) -> tuple[str, ...]:
    """GitLab's reading: a leading slash anchors, a final slash means everything below, `*` stays within one segment."""
    found: tuple[str, ...] = ()
    for pattern, owners in lines(model):
        anchored = pattern if pattern.startswith("/") else f"/**/{pattern}"
        whole = f"{anchored}**/*" if anchored.endswith("/") else anchored
        regex = re.escape(whole).replace(r"\*\*/", "(?:[^/]+/)*").replace(r"\*", "[^/]*")
        if re.fullmatch(regex, f"/{path}"):
            found = owners
    return found


@pytest.mark.parametrize("path", [path for path, _ in PATHS])
def test_gitlab_reads_the_file_as_the_tool_does(path):
    assert gitlab(MODEL, path) == gitops.owners_of(MODEL, path)


@given(paths)
def test_gitlab_reads_the_file_as_the_tool_does_for_any_path(path):
    assert gitlab(MODEL, path) == gitops.owners_of(MODEL, path)


def test_git_reads_the_patterns_as_the_tool_does(tmp_path: Path):
    """GitHub's patterns are those of gitignore, so Git itself can say which line matches last."""
    default, *entries = lines(MODEL)
    assert default == ("*", PLATFORM)
    (tmp_path / ".gitignore").write_text("".join(f"{pattern}\n" for pattern, _ in entries))
    environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, env=environment)
    known = [path for path, _ in PATHS]
    known += [
        f"{a}/{b}/{c}/{d}" for a in SEGMENTS[:3] for b in SEGMENTS[:9] for c in SEGMENTS[:11] for d in SEGMENTS[2:]
    ]
    known += [f"policies/rendered/{rest}/x.yaml" for rest in known]
    output = subprocess.run(
        ["git", "-C", str(tmp_path), "check-ignore", "--no-index", "--stdin", "--verbose", "--non-matching", "-z"],
        input="\0".join(known).encode(),
        capture_output=True,
        check=False,
        env=environment,
    ).stdout.decode()
    fields = output.split("\0")[:-1]
    assert len(fields) == 4 * len(known)
    owned = 0
    for _, line, _, path in zip(*[iter(fields)] * 4, strict=True):
        owners = entries[int(line) - 1][1] if line else PLATFORM
        assert gitops.owners_of(MODEL, path) == owners, path
        owned += bool(line)
    assert owned > 400


def test_every_pattern_is_plain(model: Model):
    for pattern, owners in lines(model):
        assert owners
        assert fnmatch.fnmatchcase(pattern, "[*/]*")
        assert not re.search(r"[\s\[\]!#\\?]", pattern)


def test_the_check_has_a_page():
    assert gitops.OWNERS_DRIFT.code == "RF420"
    assert gitops.OWNERS_DRIFT.title == "CODEOWNERS is not what the teams say"
    for heading in ("What it finds", "Why it matters", "Fails", "Passes"):
        assert f"\n## {heading}\n" in gitops.OWNERS_DRIFT.doc
