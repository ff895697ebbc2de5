"""`ringfence check`: what one file says by itself, the same whether it was known before or not."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_kit import FLOWS, NAMESPACE, Cli, command, process

from git_repository import GitRepository
from ringfence import quick, sources
from ringfence.model import alone

VALID = b"""\
apiVersion: ringfence.dev/v1alpha1
kind: Flows
flows:
  - {name: a, from: b, to: c, ports: [d], reason: e f g}
"""
ADOPTED = b"""\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: a, namespace: shop}
spec: {podSelector: {}}
"""

FILES: dict[str, tuple[str, bytes, list[str]]] = {
    "valid": ("teams/checkout/shop/more.yaml", VALID, []),
    "names of others": ("teams/checkout/shop/more.yaml", VALID.replace(b"to: c", b"to: no/such"), []),
    "no port": ("teams/checkout/shop/more.yaml", VALID.replace(b"[d]", b"[9000-8000/TCP]"), []),
    "name twice": ("teams/checkout/shop/more.yaml", VALID + VALID.splitlines(keepends=True)[-1], []),
    "expired": ("teams/checkout/shop/more.yaml", VALID.replace(b"e f g", b"e f g, expires: 2020-01-01"), []),
    "adopted": ("policies/adopted/prod/shop/a.yaml", ADOPTED, []),
    "extension": ("teams/checkout/shop/more.yml", VALID, ["RF100"]),
    "folder": ("teams/checkout/shop/deep/more.yaml", VALID, ["RF100"]),
    "team's name": ("teams/Checkout/shop/more.yaml", VALID, ["RF104"]),
    "team's letters": ("teams/caf\u00e9/shop/more.yaml", VALID, ["RF104"]),
    "kind elsewhere": ("policies/baseline/more.yaml", VALID, ["RF101"]),
    "kind": ("teams/checkout/shop/more.yaml", VALID.replace(b"Flows", b"Flow"), ["RF032"]),
    "schema": ("teams/checkout/shop/more.yaml", VALID.replace(b"reason", b"raeson"), ["RF033"]),
    "list": ("teams/checkout/shop/more.yaml", b"- a\n", ["RF030"]),
    "yaml": ("teams/checkout/shop/more.yaml", VALID + b"flows: [\n", ["RF007", "RF008"]),
    "bytes": ("teams/checkout/shop/more.yaml", VALID + b"# \xff\n", ["RF001"]),
    "empty": ("teams/checkout/shop/more.yaml", b"", ["RF006"]),
    "adopted yaml": ("policies/adopted/prod/shop/a.yaml", ADOPTED + b"a: {\n", ["RF007"]),
    "large": ("teams/checkout/shop/more.yaml", VALID + b"#" * (1 << 20), ["RF005"]),
}


def test_root_mark():
    assert quick.MARK == sources.MARK


@pytest.mark.parametrize("name", FILES)
def test_the_same_with_and_without_the_cache(
    name: str, small: GitRepository, ringfence: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RINGFENCE_CACHE", os.environ["RINGFENCE_CACHE"])  # `--no-cache` sets it
    path, raw, codes = FILES[name]
    full = small.path / path
    full.parent.mkdir(parents=True, exist_ok=True)
    full.write_bytes(raw)
    ordinary = ringfence("check", path)
    assert ordinary.code == (1 if codes else 0)
    cache = tmp_path / "cache"
    for folder in ("off", str(cache), str(cache)):
        done = process("check", path, env={"RINGFENCE_CACHE": folder}, cwd=small.path)
        assert (done.returncode, done.stdout, done.stderr) == (ordinary.code, ordinary.out, ordinary.err)
    assert (cache / "marks-1").exists() is not bool(codes)

    listed = ringfence("check", "--format", "json", "--no-cache", path)
    assert sorted(listed.codes) == codes
    # what is wrong with a file alone, the whole repository has too
    whole = ringfence("validate", "--format", "json", path)
    places = {place(item) for item in whole.json["findings"]}
    assert {place(item) for item in listed.json["findings"]} <= places
    assert whole.code == (0 if name == "adopted" else 1)


def place(item: dict[str, Any]) -> tuple[Any, ...]:
    return item["path"], item["line"], item["column"]


def test_what_is_known_is_this_content_in_this_place(small: GitRepository, ringfence: Cli):
    assert quick.answer(["check", FLOWS]) == 0
    text = (small.path / FLOWS).read_text()
    small.write("policies/baseline/flows.yaml", text)
    small.write("teams/Checkout/shop/flows.yaml", text)
    assert ringfence("check", "policies/baseline/flows.yaml").code == 1
    assert quick.answer(["check", "policies/baseline/flows.yaml"]) is None
    assert quick.answer(["check", "teams/Checkout/shop/flows.yaml"]) is None
    small.write(FLOWS, text.replace("reason:", "raeson:", 1))
    assert quick.answer(["check", FLOWS]) is None


def test_random_edits(small: GitRepository):
    chance = random.Random(5)  # noqa: S311
    paths = [FLOWS, NAMESPACE, "policies/ringfence.yaml", "policies/clusters/prod.yaml"]
    seen = {True: 0, False: 0}
    for _ in range(100):
        path = chance.choice(paths)
        text = small.git("show", f"HEAD:{path}").encode() + b"\n"
        start = chance.randrange(len(text))
        raw = (
            text[:start]
            + chance.choice([b"", b" ", b"x", b"#", b"\n", b"'", b"1"])
            + text[start + chance.randrange(3) :]
        )
        (small.path / path).write_bytes(raw)
        valid = alone.is_valid(path, raw)
        seen[valid] += 1
        for _ in range(2):
            assert quick.answer(["check", path]) == (0 if valid else None), (path, raw)
    assert min(seen.values()) > 20


def test_several_files_and_ways_to_name_them(small: GitRepository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    (tmp_path / "link").symlink_to(small.path / "teams")
    monkeypatch.chdir(small.path / "teams/checkout")
    names = ["shop/flows.yaml", str(small.path / NAMESPACE), f"{tmp_path}/link/checkout/shop/flows.yaml", "./team.yaml"]
    for env in ("off", str(tmp_path / "cache"), str(tmp_path / "cache")):
        done = process("check", *names, env={"RINGFENCE_CACHE": env})
        assert (done.returncode, done.stdout, done.stderr) == (0, "3 files; no findings\n", "")
    done = process("check", "-C", str(small.path), FLOWS, NAMESPACE)
    assert (done.returncode, done.stdout) == (0, "2 files; no findings\n")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nowhere.yaml", "there is no file 'nowhere.yaml'"),
        ("teams", "teams is a folder"),
        ("CODEOWNERS", "CODEOWNERS is no declaration"),
        ("/etc/passwd", "/etc is not inside a Ringfence repository"),
        ("", "is a folder"),
    ],
)
def test_what_is_no_file_of_the_repository(name: str, says: str, small: GitRepository):
    for names in ([name], [FLOWS, name]):
        done = process("check", *names, cwd=small.path)
        assert done.returncode == 2
        assert says in done.stderr or names != [name]
        assert done.stdout == ""


def test_notes_and_rendered_files_are_passed_over(small: GitRepository):
    small.write("teams/checkout/README.md", "Notes\n")
    rendered = next((small.path / "policies/rendered").rglob("*.yaml"))
    done = process("check", "teams/checkout/README.md", rendered, FLOWS, cwd=small.path)
    assert (done.returncode, done.stdout) == (0, "1 file, 2 passed over; no findings\n")


def test_a_link_is_not_followed(small: GitRepository):
    (small.path / "teams/checkout/shop/more.yaml").symlink_to("flows.yaml")
    done = process("check", "teams/checkout/shop/more.yaml", cwd=small.path)
    assert done.returncode == 1
    assert "symbolic link" in done.stdout


def test_results_that_cannot_be_printed_are_no_success(small: GitRepository):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            command("check", FLOWS), cwd=small.path, stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert "cannot print" in done.stderr


@pytest.mark.parametrize("folder", ["relative", "/proc/nothing", "/dev/null"])
def test_without_a_cache(folder: str, small: GitRepository):
    done = process("check", FLOWS, cwd=small.path, env={"RINGFENCE_CACHE": folder})
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 file; no findings\n", "")


def test_no_cache_leaves_nothing(small: GitRepository, tmp_path: Path):
    cache = tmp_path / "cache"
    done = process("check", "--no-cache", FLOWS, cwd=small.path, env={"RINGFENCE_CACHE": str(cache)})
    assert (done.returncode, done.stdout) == (0, "1 file; no findings\n")
    assert not cache.exists()


def test_the_script_answers_too(small: GitRepository):
    script = Path(sys.executable).parent / "ringfence"
    if not os.access(script, os.X_OK):
        pytest.skip("the project is not installed beside this interpreter")
    done = subprocess.run([script, "check", FLOWS], cwd=small.path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1 file; no findings\n", "")
