from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from command_kit import CALL_BACK, FLOWS, Cli, add_flow, edit

from git_repository import GitRepository

COUNTS = (
    "12 files: 2 teams, 2 namespaces, 3 workloads, 3 flows, 2 baseline grants, 3 guardrails, 0 waivers, 2 clusters; "
)


def test_clean_ends_with_counts(small: GitRepository, ringfence: Cli) -> None:
    done = ringfence("validate")
    assert (done.code, done.out, done.err) == (0, COUNTS + "no findings\n", "")


def test_json(small: GitRepository, ringfence: Cli) -> None:
    done = ringfence("validate", "--format", "json")
    assert done.json == {
        "findings": [],
        "counts": {"error": 0, "warning": 0, "info": 0},
        "summary": COUNTS.removesuffix("; "),
    }


@pytest.mark.parametrize("folder", ["teams", "teams/checkout/shop", "policies/rendered/base"])
def test_any_folder_of_the_repository_will_do(small: GitRepository, ringfence: Cli, folder: str) -> None:
    assert ringfence("validate", "-C", folder).out == COUNTS + "no findings\n"
    assert ringfence("validate", "-C", small.path / folder).out == COUNTS + "no findings\n"


def test_a_finding_has_its_place_its_code_and_the_nearest_name(small: GitRepository, ringfence: Cli) -> None:
    edit(small, FLOWS, "to: checkout", "to: chekout")
    done = ringfence("validate")
    assert done.code == 1
    assert f"{FLOWS}:6:9: error RF110 unknown-end: `chekout`" in done.out
    assert "did you mean `checkout`?" in done.out
    assert done.out.endswith("; 1 error\n")
    (finding,) = ringfence("validate", "--format", "json").json["findings"]
    assert (finding["code"], finding["path"], finding["line"], finding["column"]) == ("RF110", FLOWS, 6, 9)


def test_files_limit_the_report_and_say_how_much_is_left_out(small: GitRepository, ringfence: Cli) -> None:
    edit(small, FLOWS, "to: checkout", "to: chekout")
    payments = "teams/payments/payments/flows.yaml"
    edit(small, payments, "to: stripe", "to: stripes")
    assert ringfence("validate", "--format", "json").codes == ["RF110", "RF110"]
    done = ringfence("validate", "--format", "json", payments)
    assert [item["path"] for item in done.json["findings"]] == [payments]
    assert done.code == 1
    assert "1 more in files not named" in done.err
    clean = ringfence("validate", "teams/checkout/team.yaml")
    assert (clean.code, clean.out) == (0, clean.out.partition(";")[0] + "; no findings\n")
    assert "2 more in files not named" in clean.err


@pytest.mark.parametrize("named", ["teams/payments", "teams/payments/", "./teams/payments/payments"])
def test_a_folder_stands_for_its_files(small: GitRepository, ringfence: Cli, named: str) -> None:
    edit(small, FLOWS, "to: checkout", "to: chekout")
    edit(small, "teams/payments/payments/flows.yaml", "to: stripe", "to: stripes")
    assert ringfence("validate", "--format", "json", named).codes == ["RF110"]
    assert ringfence("validate", "--format", "json", ".").codes == ["RF110", "RF110"]


def test_files_are_named_from_the_folder_of_the_run(small: GitRepository, ringfence: Cli) -> None:
    edit(small, FLOWS, "to: checkout", "to: chekout")
    assert ringfence("validate", "-C", "teams/checkout/shop", "--format", "json", "flows.yaml").codes == ["RF110"]
    assert ringfence("validate", "-C", "teams", "flows.yaml").code == 2


def test_files_that_are_not_there_or_not_ours(small: GitRepository, ringfence: Cli, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.yaml").touch()
    assert "there is no file 'nope.yaml'" in ringfence("validate", "nope.yaml").err
    outside = ringfence("validate", "../elsewhere.yaml")
    assert outside.code == 2
    assert "is not in the repository" in outside.err


def test_a_date_to_judge_by(small: GitRepository, ringfence: Cli) -> None:
    add_flow(small, *CALL_BACK, "expires: 2027-03-31")
    assert ringfence("validate", "--at", "2027-01-01").code == 0
    assert ringfence("validate", "--at", "2027-03-30", "--format", "json").codes == ["RF321"]
    late = ringfence("validate", "--at", "2027-04-01", "--format", "json")
    assert (late.code, late.codes) == (1, ["RF320"])
    assert "is not a date" in ringfence("validate", "--at", "tomorrow").err
    assert ringfence("validate", "--at", "9999-12-31").code == 1
    assert ringfence("validate", "--at", "0001-01-01").code == 0


def test_warnings_do_not_fail_a_run(small: GitRepository, ringfence: Cli) -> None:
    edit(small, "teams/payments/team.yaml", "[payments]", "[payments, payouts]")
    done = ringfence("validate", "--format", "json")
    assert (done.code, done.codes) == (0, ["RF205"])


def test_works_without_git(plain: GitRepository, ringfence: Cli) -> None:
    assert ringfence("validate").out == COUNTS + "no findings\n"


def test_what_git_ignores_is_not_read(small: GitRepository, ringfence: Cli) -> None:
    small.write("teams/checkout/shop/draft.yaml", "what: [is this")
    assert ringfence("validate").code == 1
    small.write(".gitignore", "draft.yaml\n")
    assert ringfence("validate").code == 0


@pytest.mark.parametrize("gone", ["policies/ringfence.yaml", "policies"])
def test_outside_of_a_repository(small: GitRepository, ringfence: Cli, tmp_path: Path, gone: str) -> None:
    (small.path / gone).rename(tmp_path / "gone")
    done = ringfence("validate")
    assert (done.code, done.out) == (2, "")
    assert "is not inside a Ringfence repository" in done.err
    assert "ringfence init" in done.err


def test_nothing_declared_is_not_success(small: GitRepository, ringfence: Cli) -> None:
    for folder in ("teams", "policies/catalog", "policies/baseline", "policies/guardrails"):
        shutil.rmtree(small.path / folder)
    done = ringfence("validate")
    assert (done.code, done.out) == (2, "")
    assert "the repository declares nothing" in done.err
