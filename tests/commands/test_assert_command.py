"""`ringfence assert`: the table, JSON, JUnit, and what is no answer."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from command_kit import Cli
from manifest_kit import SHOP, give

DOCS = Path(__file__).parents[2] / "docs/assertions.md"
HEAD = "apiVersion: ringfence.dev/v1alpha1\nkind: Assertions\n"
GOOD = f"""{HEAD}\
must:
  - name: frontend-reads-the-cart
    from: shop/frontend
    to: shop/cart
    ports: [7070/TCP]
    reason: Carts are on every page
mustNot:
  - {{name: cart-is-private, from: world, to: shop/cart}}
"""
BAD = f"""{HEAD}\
must:
  - {{name: frontend-reads-all, from: shop/frontend, to: shop/cart, ports: [7070-7071/TCP], reason: Carts <&> "more"}}
"""


@pytest.fixture
def deploy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shop's manifests in `deploy/` of the current folder, with assertions that hold and that do not."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy/shop.yaml").write_text(SHOP)
    (tmp_path / "good.yaml").write_text(GOOD)
    (tmp_path / "bad.yaml").write_text(BAD)
    return tmp_path


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", DOCS.read_text(), re.DOTALL)


def test_the_documentation_shows_real_files_and_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ringfence: Cli
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deploy").mkdir()
    for text in blocks("yaml"):
        name = text.partition("\n")[0].removeprefix("# ")
        (tmp_path / name).write_text(text)
    (shown,) = blocks("console")
    command, _, output = shown.partition("\n")
    assert command == "$ ringfence assert assertions.yaml --manifests deploy/"
    done = ringfence(*command.split()[2:])
    assert done.out + done.err == output
    assert done.code == 1


def test_what_holds(deploy: Path, ringfence: Cli) -> None:
    done = ringfence("assert", "good.yaml", "--manifests", "deploy")
    assert done.out.splitlines() == [
        "RESULT  NAME                     STATEMENT                                   PAIRS",
        "pass    frontend-reads-the-cart  must shop/frontend → shop/cart on 7070/TCP  1",
        "pass    cart-is-private          must not world → shop/cart                  1",
    ]
    assert (done.code, done.err) == (0, "2 assertions: 2 pass; no findings\n")


def test_what_does_not_hold_says_where_it_breaks(deploy: Path, ringfence: Cli) -> None:
    done = ringfence("assert", "good.yaml", "bad.yaml", "--manifests", "deploy")
    assert done.code == 1
    assert done.out.splitlines()[4:] == [
        "",
        "fail frontend-reads-all  (bad.yaml:4:5): broken by 1 of 1 pair, the first on 7071/TCP:",
        '  “Carts <&> "more"”',
        "shop/frontend[Deployment] → shop/cart[Deployment]: denied",
        "  egress of shop/frontend[Deployment]: open, no policy isolates it",
        "  ingress of shop/cart[Deployment]:",
        "    shop/cart isolates it, and no rule matches  (shop.yaml:19:1)",
    ]
    assert done.err == "3 assertions: 2 pass, 1 fail; no findings\n"


def test_json(deploy: Path, ringfence: Cli) -> None:
    done = ringfence("assert", "good.yaml", "bad.yaml", "--manifests", "deploy", "--format", "json")
    assert (done.code, done.err) == (1, "")
    assert done.json["counts"] == {"pass": 2, "fail": 1, "undefined": 0, "error": 0}
    assert done.json["findings"] == []
    *_, failed = done.json["assertions"]
    example = failed.pop("counterexample")
    assert failed == {
        "name": "frontend-reads-all",
        "kind": "must",
        "result": "fail",
        "from": ["shop/frontend"],
        "to": ["shop/cart"],
        "ports": {"TCP": [[7070, 7071]]},
        "reason": 'Carts <&> "more"',
        "path": "bad.yaml",
        "line": 4,
        "column": 5,
        "pairs": 1,
        "broken": 1,
    }
    assert example["ports"] == {"TCP": [[7071, 7071]]}
    assert example["explanation"]["ingress"]["isolatedBy"][0]["where"] == "shop.yaml:19:1"


def junit(text: str) -> ElementTree.Element:
    """The document, held against what the usual XSD of JUnit allows."""
    root = ElementTree.fromstring(text)  # noqa: S314 - our own text
    assert root.tag == "testsuites"
    (suite,) = root
    cases = suite.findall("testcase")
    assert int(suite.attrib["tests"]) == len(cases)
    assert int(suite.attrib["failures"]) == sum(case.find("failure") is not None for case in cases)
    for case in cases:
        assert {"name", "classname", "time"} <= set(case.attrib)
        assert {child.tag for child in case} <= {"failure", "system-out"}
        assert len(case) == 1
    return suite


def test_junit(deploy: Path, ringfence: Cli) -> None:
    done = ringfence("assert", "good.yaml", "bad.yaml", "--manifests", "deploy", "--format", "junit")
    assert (done.code, done.err) == (1, "")
    suite = junit(done.out)
    assert [(case.attrib["classname"], case.attrib["name"], case[0].tag) for case in suite.findall("testcase")] == [
        ("must", "frontend-reads-the-cart", "system-out"),
        ("mustNot", "cart-is-private", "system-out"),
        ("must", "frontend-reads-all", "failure"),
    ]
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.attrib["message"].startswith("fail: broken by 1 of 1 pair, the first on 7071/TCP")
    assert 'Carts <&> "more"' in str(failure.text)
    assert "shop/cart isolates it, and no rule matches  (shop.yaml:19:1)" in str(failure.text)


def test_junit_of_hostile_names(deploy: Path, ringfence: Cli) -> None:
    name = "bad \x1b[31m\x01]]>&\ufffe.yaml"
    (deploy / name).write_text(BAD.replace("7071/TCP", "7072/TCP"))
    done = ringfence("assert", name, "--manifests", "deploy", "--format", "junit")
    assert "\x1b" not in done.out
    assert done.code == 1
    junit(done.out)


def test_junit_of_a_file_in_error_has_a_failure(deploy: Path, ringfence: Cli) -> None:
    (deploy / "good.yaml").write_text(GOOD.replace("shop/cart", "shop cart"))
    done = ringfence("assert", "good.yaml", "--manifests", "deploy", "--format", "junit")
    assert done.code == 1
    assert int(junit(done.out).attrib["failures"]) == 2


def test_outputs_beside_the_table(deploy: Path, ringfence: Cli) -> None:
    done = ringfence(
        "assert", "good.yaml", "--manifests", "deploy", "--output", "junit=out.xml", "--output", "json=out.json"
    )
    assert (done.code, done.out[:6]) == (0, "RESULT")
    junit((deploy / "out.xml").read_text())
    assert '"pass": 2' in (deploy / "out.json").read_text()


def test_a_statement_on_nothing_is_an_error_and_no_pass(deploy: Path, ringfence: Cli) -> None:
    (deploy / "good.yaml").write_text(GOOD.replace("to: shop/cart}", "to: shop/crat}"))
    done = ringfence("assert", "good.yaml", "--manifests", "deploy")
    assert done.code == 1
    assert "\nerror   cart-is-private " in done.out
    assert "good.yaml:10:46: error RF801 assertion-names-nothing: no pod of the manifests is `shop/crat`" in done.err
    assert "fix: did you mean `shop/cart`?" in done.err
    assert "2 assertions: 1 pass, 1 error; 1 error\n" in done.err


def test_names_are_unique_over_all_files(deploy: Path, ringfence: Cli) -> None:
    (deploy / "more.yaml").write_text(GOOD)
    done = ringfence("assert", "good.yaml", "more.yaml", "good.yaml", "--manifests", "deploy", "--format", "json")
    assert done.code == 1
    assert done.codes == ["RF800", "RF800"]
    assert done.json["assertions"] == []


def test_manifests_in_error_settle_nothing(deploy: Path, ringfence: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, SHOP.replace("port: 7070", "port: 70000"))
    done = ringfence("assert", "good.yaml", "--manifests", "-", "--format", "json")
    assert done.code == 1
    assert [item["result"] for item in done.json["assertions"]] == ["undefined", "undefined"]
    assert done.codes == ["RF701"]
    assert "refused" in done.json["assertions"][0]["counterexample"]["explanation"]["reasons"][0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.yaml", "--manifests", "deploy"], "cannot read nowhere.yaml: No such file or directory"),
        (["deploy", "--manifests", "deploy"], "deploy is a folder, not a file of assertions"),
        (["x" * 400, "--manifests", "deploy"], "File name too long"),
        (["good.yaml", "--manifests", "nowhere"], "nowhere is not a folder, and no file"),
        (["good.yaml"], "the following arguments are required: --manifests"),
        (["good.yaml", "--manifests", "good.yaml"], "the manifests hold no workload"),
        (["good.yaml", "--manifests", "deploy", "--output", "junt=x"], "did you mean junit?"),
    ],
)
def test_what_cannot_be_judged(deploy: Path, ringfence: Cli, arguments: list[str], said: str) -> None:
    done = ringfence("assert", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "RF006"), ("kind: [", "RF007"), ("- 1\n", "RF030"), ("kind: Assertions\n", "RF031"), ("\x00", "RF")],
)
def test_a_file_that_is_none(deploy: Path, ringfence: Cli, text: str, code: str) -> None:
    (deploy / "good.yaml").write_text(text)
    done = ringfence("assert", "good.yaml", "--manifests", "deploy", "--format", "json")
    assert done.code == 1
    assert done.json["assertions"] == []
    assert any(item.startswith(code) for item in done.codes), done.codes


def test_a_flow_file_is_no_assertion(deploy: Path, ringfence: Cli) -> None:
    (deploy / "good.yaml").write_text("apiVersion: ringfence.dev/v1alpha1\nkind: Waivers\nwaivers: []\n")
    done = ringfence("assert", "good.yaml", "--manifests", "deploy")
    assert done.code == 1
    assert "this declares Waivers; only Assertions can be held against manifests" in done.err
