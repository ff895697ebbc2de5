"""Several outputs of one run, and the formats of platforms, through the command line."""

from __future__ import annotations

import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest
from command_kit import CALL_BACK, FLOWS, Cli, add_flow, edit, process

from git_repository import GitRepository
from ringfence.report import FINDING_FORMATS, IMPACT_FORMATS


def test_every_format_in_one_run(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    add_flow(small, *CALL_BACK)
    assert ringfence("render").code == 0
    (tmp_path / "out").mkdir()
    words = [word for name in IMPACT_FORMATS for word in ("--output", f"{name}={tmp_path}/out/{name}")]
    done = ringfence("impact", *words)
    assert (done.code, done.err) == (0, "")
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(IMPACT_FORMATS)
    for name in IMPACT_FORMATS:
        alone = ringfence("impact", "--format", name).out
        assert (tmp_path / "out" / name).read_text() == alone, name
    assert (tmp_path / "out/text").read_text() == done.out


@pytest.mark.parametrize("command", ["validate", "verify"])
def test_findings_in_every_format(small: GitRepository, ringfence: Cli, tmp_path: Path, command: str) -> None:
    words = [word for name in FINDING_FORMATS for word in ("--output", f"{name}={tmp_path}/{name}")]
    assert ringfence(command, *words).code == 0
    assert json.loads((tmp_path / "codequality").read_text()) == []
    edit(small, FLOWS, "to: checkout", "to: chekout")
    done = ringfence(command, *words)
    assert done.code == 1
    (issue,) = json.loads((tmp_path / "codequality").read_text())
    assert (issue["location"], issue["severity"]) == ({"path": FLOWS, "lines": {"begin": 6}}, "critical")
    (result,) = json.loads((tmp_path / "sarif").read_text())["runs"][0]["results"]
    assert result["partialFingerprints"] == {"ringfence/v1": issue["fingerprint"]}
    assert ElementTree.parse(tmp_path / "junit").getroot().attrib["failures"] == "1"  # noqa: S314 - our own
    assert (tmp_path / "github").read_text().startswith(f"::error file={FLOWS},line=6,col=9,title=RF110 ")
    assert (tmp_path / "text").read_text() == done.out
    # an unrelated line above moves it, and it stays the same finding
    text = (small.path / FLOWS).read_text()
    small.write(FLOWS, text.replace("kind: Flows\n", "kind: Flows\n# A comment\n"))
    ringfence(command, *words)
    (moved,) = json.loads((tmp_path / "codequality").read_text())
    assert moved["location"]["lines"] == {"begin": 7}
    assert moved["fingerprint"] == issue["fingerprint"]


@pytest.mark.parametrize("name", IMPACT_FORMATS)
def test_a_head_in_error_is_told_in_every_format(
    small: GitRepository, ringfence: Cli, tmp_path: Path, name: str
) -> None:
    edit(small, FLOWS, "to: checkout", "to: chekout")
    done = ringfence("impact", "--format", name, "--output", f"{name}={tmp_path}/out")
    assert done.code == 1
    assert "its impact cannot be told" in done.err
    for text in (done.out, (tmp_path / "out").read_text()):
        assert "RF110" in text


def test_lint_of_plain_manifests(ringfence: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "deploy"
    folder.mkdir()
    (folder / "a.yaml").write_text(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a}\nspec: {}\n"
    )
    done = ringfence("lint", "--manifests", folder, "--format", "sarif", "--output", f"junit={tmp_path}/lint.xml")
    assert done.code in (0, 1)
    assert done.json["version"] == "2.1.0"
    assert ElementTree.parse(tmp_path / "lint.xml").getroot().tag == "testsuites"  # noqa: S314 - our own


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("htm=x", "there is no format 'htm'; did you mean html?"),
        ("pdf=x", "there is no format 'pdf'; the formats are text, json"),
        ("html", "'html' names no file; write one such as html=report"),
        ("html=", "names no file"),
        ("html=-", "names no file"),
        ("=x", "there is no format ''"),
    ],
)
def test_outputs_that_are_none(small: GitRepository, ringfence: Cli, word: str, said: str) -> None:
    done = ringfence("impact", "--output", word)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_a_file_that_cannot_be_written(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = ringfence("validate", "--output", f"junit={tmp_path}/file/x.xml")
    assert done.code == 2
    assert f"there is no folder '{tmp_path}/file'" in done.err
    for word in (f"junit={tmp_path}", "junit=."):
        done = ringfence("validate", "--output", word)
        assert (done.code, done.out) == (2, "")
        assert f"{word.partition('=')[2]!r} is a folder; name a file in it" in done.err
    long = "x" * 300
    done = ringfence("validate", "--output", f"junit={long}/x.xml")
    assert (done.code, "there is no folder" in done.err) == (2, True)


@pytest.mark.parametrize(
    "words", [["validate", "--output", "json=no/x"], ["impact", "--cluster=dev", "--part", "no/x"]]
)
def test_a_folder_that_is_not_there_is_not_made(small: GitRepository, ringfence: Cli, words: list[str]) -> None:
    done = ringfence(*words)
    assert (done.code, done.out) == (2, "")
    assert "there is no folder 'no'; make it: mkdir -p no" in done.err
    assert not (small.path / "no").exists()


def test_a_summary_of_a_step_is_appended(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("# From another tool\n")
    assert ringfence("impact", "--output", f"github-summary={summary}").code == 0
    assert summary.read_text().startswith("# From another tool\n### Ringfence: No connection")


def test_what_is_no_file_is_written_to_and_not_replaced(small: GitRepository, tmp_path: Path) -> None:
    done = process("validate", "--output", "json=/dev/stderr", cwd=small.path)
    assert done.returncode == 0
    assert json.loads(done.stderr)["counts"]["error"] == 0
    link = tmp_path / "link"
    target = tmp_path / "target"
    link.symlink_to(target)
    assert process("validate", "--output", f"json={link}", cwd=small.path).returncode == 0
    assert link.is_symlink()
    assert json.loads(target.read_text())["findings"] == []
    assert os.path.exists("/dev/stderr")  # noqa: PTH110 - whatever it is
