from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence import documents, schema
from ringfence.findings import Check, Finding

HEAD = "apiVersion: ringfence.dev/v1alpha1\n"
FLOW = f"""{HEAD}kind: Flows
flows:
  - name: authorise-card
    from: shop/checkout
    to: payments/api
    ports: [https]
    reason: Card authorisation
"""


def validate(text: str) -> list[Finding]:
    document, findings = documents.read("f.yaml", text.encode())
    assert findings == []
    assert document is not None
    return schema.validate(document)


def only(text: str) -> tuple[str, int, int, str, str]:
    (finding,) = validate(text)
    assert finding.where.path == "f.yaml"
    return finding.check.code, finding.where.line, finding.where.column, finding.message, finding.hint


def places(text: str) -> list[tuple[str, int, int]]:
    return [(finding.check.code, finding.where.line, finding.where.column) for finding in validate(text)]


@pytest.mark.parametrize("check", schema.CHECKS, ids=lambda check: check.code)
def test_the_examples_of_each_page_are_true(check: Check) -> None:
    headings = re.findall(r"^## .*", check.doc, re.MULTILINE)
    assert headings == ["## What it finds", "## Why it matters", "## Fails", "## Passes"]
    fails, passes = re.findall(r"```yaml\n(.*?)```", check.doc, re.DOTALL)
    assert {finding.check for finding in validate(fails)} == {check}
    assert validate(passes) == []


def test_codes_and_names_are_unique_and_in_order() -> None:
    codes = [check.code for check in schema.CHECKS]
    assert codes == sorted(set(codes))
    assert all("RF030" <= code <= "RF039" for code in codes)


def test_a_valid_document() -> None:
    assert validate(FLOW) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n", [("RF030", 1, 1)]),
        ("text\n", [("RF030", 1, 1)]),
        ("a: 1\n", [("RF031", 1, 1), ("RF032", 1, 1)]),
        ("kind: Flows\nflows: []\n", [("RF031", 1, 1)]),
        (f"{HEAD}flows: []\n", [("RF032", 1, 1)]),
        ("apiVersion: v1\nkind: Namespace\n", [("RF031", 1, 13)]),
        ("apiVersion: ringfence.dev/v1\nkind: Flow\n", [("RF031", 1, 13), ("RF032", 2, 7)]),
        (f"{HEAD}kind: [Flows]\n", [("RF032", 2, 7)]),
        ("apiVersion: 1\nkind: Flows\nflows: [1]\n", [("RF031", 1, 13), ("RF035", 3, 9)]),
        (f"{HEAD}kind: Flows\n", [("RF034", 1, 1)]),
    ],
)
def test_the_head_of_a_document(text: str, expected: list[tuple[str, int, int]]) -> None:
    assert places(text) == expected


def test_the_nearest_kind() -> None:
    code, line, column, message, hint = only(f"{HEAD}kind: flow\nflows: []\n")
    assert (code, line, column) == ("RF032", 2, 7)
    assert "`flow`" in message
    assert all(kind in message for kind in schema.KINDS)
    assert hint == "did you mean `Flows`?"


def test_an_unknown_key_is_at_its_key_with_the_nearest() -> None:
    code, line, column, message, hint = only(FLOW + "    enviroments: [prod]\n")
    assert (code, line, column) == ("RF033", 9, 5)
    assert "`enviroments`" in message
    assert "a flow" in message
    assert hint == "did you mean `environments`?"


def test_an_unknown_key_without_a_near_one_lists_the_keys() -> None:
    *_, hint = only(FLOW + "    zzz: 1\n")
    assert hint.startswith("the keys are `name`, `from`, `to`")


def test_a_misspelt_needed_key_is_one_finding() -> None:
    code, line, column, _, hint = only(FLOW.replace("reason:", "raeson:"))
    assert (code, line, column, hint) == ("RF033", 8, 5, "did you mean `reason`?")


def test_a_missing_key_is_at_its_parent() -> None:
    code, line, column, message, hint = only(FLOW.replace("    ports: [https]\n", ""))
    assert (code, line, column) == ("RF034", 4, 5)
    assert "`ports` is missing in a flow" in message
    assert hint == "add `ports`, for example `ports: [https]`"


@pytest.mark.parametrize(
    ("old", "new", "code", "column", "hint"),
    [
        ("[https]", "https", "RF035", 12, "write a list: `ports: [https]`"),
        ("[https]", "8443", "RF035", 12, "write a list: `ports: [8443]`"),
        ("[https]", "[[https]]", "RF035", 13, "write a value, for example `ports: [https]`"),
        ("[https]", "[1.5]", "RF035", 13, "write a value, for example `ports: [https]`"),
        ("[https]", "[]", "RF036", 12, "name at least one, for example `ports: [https]`"),
        ("[https]", '["8443"]', "RF036", 13, "did you mean `8443/TCP`?"),
        ("[https]", "[8443/tcp]", "RF036", 13, "did you mean `8443/TCP`?"),
        ("[https]", "[8443/TPC]", "RF036", 13, "did you mean `8443/TCP`?"),
        ("[https]", "[70000]", "RF036", 13, "write another value, for example `ports: [https]`"),
        ("[https]", "[0]", "RF036", 13, "write another value, for example `ports: [https]`"),
        ("[https]", "[30000-30100]", "RF036", 13, "did you mean `30000-30100/TCP`?"),
        ("[https]", "[30000 - 30100/UDP]", "RF036", 13, "did you mean `30000-30100/UDP`?"),
        ("[https]", "[HTTPS]", "RF036", 13, "did you mean `https`?"),
        ("[https]", "[https, https]", "RF037", 20, "delete it"),
        ("payments/api", "Payments/API", "RF036", 9, "did you mean `payments/api`?"),
        ("payments/api", "payments/card_api", "RF036", 9, "did you mean `payments/card-api`?"),
        ("payments/api", "payments/*", "RF036", 9, "write another value, for example `to: payments/api`"),
        ("payments/api", "7", "RF035", 9, "put it in quotes"),
        ("payments/api", "{a: b}", "RF035", 9, "write a value, for example `to: payments/api`"),
        ("payments/api", "[payments/api, x/y/z]", "RF036", 24, "write another value, for example `to: payments/api`"),
        ("Card authorisation", "", "RF035", 12, None),
        ("Card authorisation", '""', "RF036", 13, None),
        ("Card authorisation", '" a"', "RF036", 13, "did you mean `a`?"),
        ("Card authorisation", '"a\\nb"', "RF036", 13, "did you mean `a b`?"),
        ("Card authorisation", "1.10", "RF035", 13, "put it in quotes"),
        ("Card authorisation", "true", "RF035", 13, "put it in quotes"),
        ("Card authorisation", "x" * 501, "RF036", 13, None),
    ],
)
def test_a_wrong_value_is_at_its_place(old: str, new: str, code: str, column: int, hint: str | None) -> None:
    text = FLOW.replace(old, new)
    line = next(number for number, row in enumerate(text.split("\n"), 1) if row not in FLOW.split("\n"))
    found = only(text)
    assert found[:3] == (code, line, column)
    if hint is not None:
        assert found[4] == hint
    assert found[3].isprintable()
    assert len(found[3]) < 400


@pytest.mark.parametrize(
    ("date", "hint"),
    [
        ("2027-3-1", "did you mean `2027-03-01`?"),
        ("2027/03/01", "did you mean `2027-03-01`?"),
        ("31.03.2027", "did you mean `2027-03-31`?"),
        ("2027-02-30", "write another value, for example `expires: 2027-03-31`"),
        ("1927-02-01", "write another value, for example `expires: 2027-03-31`"),
        ("soon", "write another value, for example `expires: 2027-03-31`"),
    ],
)
def test_dates(date: str, hint: str) -> None:
    code, line, column, message, found = only(f"{FLOW}    expires: {date}\n")
    assert (code, line, column, found) == ("RF036", 9, 14, hint)
    assert ("there is no such day" in message) == (date == "2027-02-30")


def test_a_choice_names_the_choices() -> None:
    text = f"{HEAD}kind: Settings\norganisation: X\nrepository: {{url: https://a.example/b}}\nowners: ['@a']\n"
    assert validate(text) == []
    code, line, column, message, hint = only(f"{text}consent: declare\n")
    assert (code, line, column, hint) == ("RF036", 6, 10, "did you mean `declared`?")
    assert "the choices are `review`, `declared`" in message


@pytest.mark.parametrize(
    ("value", "hint"),
    [("example/checkout", "did you mean `@example/checkout`?"), ("@a b", "did you mean `@a-b`?")],
)
def test_owners(value: str, hint: str) -> None:
    code, line, column, _, found = only(f"{HEAD}kind: Team\ncontact: x\nowners: ['{value}']\nnamespaces: [x]\n")
    assert (code, line, column, found) == ("RF036", 4, 10, hint)


@pytest.mark.parametrize(
    ("value", "hint"),
    [("10.0.0.1", "did you mean `10.0.0.1/32`?"), ("fd00::1", "did you mean `fd00::1/128`?")],
)
def test_cidrs(value: str, hint: str) -> None:
    text = f"{HEAD}kind: Catalog\npeers: {{x: {{description: d, owner: o, cidrs: ['{value}']}}}}\n"
    code, line, column, _, found = only(text)
    assert (code, line, column, found) == ("RF036", 3, 47, hint)


def test_a_key_of_a_wrong_form_is_at_the_key() -> None:
    text = f"{HEAD}kind: Namespace\nworkloads:\n  Check_out:\n    labels: {{app: x}}\n"
    code, line, column, message, hint = only(text)
    assert (code, line, column, hint) == ("RF036", 4, 3, "did you mean `check-out`?")
    assert "the key `Check_out` is not a name" in message


def test_reserved_workload_names() -> None:
    for name in ("baseline", "kustomization"):
        code, line, column, message, _ = only(f"{HEAD}kind: Namespace\nworkloads:\n  {name}: {{labels: {{a: b}}}}\n")
        assert (code, line, column) == ("RF036", 4, 3)
        assert "names of files" in message


def test_labels_that_are_no_text_need_quotes() -> None:
    code, line, column, _, hint = only(f"{HEAD}kind: Namespace\nworkloads: {{x: {{labels: {{version: 1.10}}}}}}\n")
    assert (code, line, column, hint) == ("RF035", 3, 35, "put it in quotes")


def test_a_boolean_of_yaml_1_1_is_text_with_the_right_hint() -> None:
    text = f"{HEAD}kind: Catalog\npeers: {{x: {{description: d, owner: o, cidrs: [10.0.0.0/8], world: no}}}}\n"
    assert only(text)[4] == "did you mean `false`?"


@pytest.mark.parametrize(
    ("kind", "key", "item", "both"),
    [
        (
            "Waivers",
            "waivers",
            "subject: a/b, reason: r, approver: x, expires: 2027-01-01",
            "guardrail: a, check: RF301",
        ),
        ("Guardrails", "guardrails", "name: a, reason: r", "never: {from: {}, to: {}}, must: {from: {}, to: {}}"),
        ("Baseline", "grants", "name: a, ports: [1], reason: r", "to: a, from: b"),
    ],
)
def test_one_of_two_keys_exactly(kind: str, key: str, item: str, both: str) -> None:
    head = f"{HEAD}kind: {kind}\n{key}:\n  - "
    assert [finding.check.code for finding in validate(f"{head}{{{item}, {both}}}\n")] == ["RF038"]
    (finding,) = validate(f"{head}{{{item}}}\n")
    assert finding.check.code == "RF034"
    assert finding.hint.startswith("add one of them, for example")
    first = both.split(", ")[0] if kind != "Guardrails" else "never: {from: {}, to: {}}"
    assert validate(f"{head}{{{item}, {first}}}\n") == []


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("cidrs: [10.0.0.0/8]", []),
        ("cidrs: [10.0.0.0/8], except: [10.1.0.0/16], world: false", []),
        ("namespace: x", []),
        ("namespace: x, labels: {a: b}", []),
        ("labels: {a: b}", ["RF034"]),
        ("", ["RF034"]),
        ("cidrs: [10.0.0.0/8], namespace: x", ["RF038"]),
        ("cidrs: [10.0.0.0/8], labels: {a: b}", ["RF038"]),
        ("namespace: x, except: [10.0.0.0/8]", ["RF038"]),
        ("namespace: x, world: true", ["RF038"]),
        ("cidr: [10.0.0.0/8]", ["RF033"]),
        ("names: [a.example.com]", []),
        ("names: ['*.example.com'], world: false", []),
        ("names: [a.example.com], cidrs: [10.0.0.0/8], except: [10.1.0.0/16]", []),
        ("names: [a.example.com], except: [10.1.0.0/16]", ["RF038"]),
        ("names: [a.example.com], namespace: x", ["RF038"]),
        ("names: []", ["RF036"]),
        ("names: [localhost]", ["RF036"]),
        ("names: ['*']", ["RF036"]),
        ("names: ['*.com']", ["RF036"]),
        ("names: [10.0.0.1]", ["RF036"]),
    ],
)
def test_a_peer_is_addresses_or_pods(peer: str, expected: list[str]) -> None:
    text = f"{HEAD}kind: Catalog\npeers: {{x: {{description: d, owner: o{', ' if peer else ''}{peer}}}}}\n"
    assert [finding.check.code for finding in validate(text)] == expected


def test_every_problem_is_named_at_once() -> None:
    text = f"{HEAD}kind: Flows\nflows:\n  - {{name: A, to: 7, ports: [x, x], reason: r, zzz: 1}}\n  - 5\n"
    assert places(text) == [
        ("RF034", 4, 5),
        ("RF036", 4, 12),
        ("RF035", 4, 19),
        ("RF037", 4, 33),
        ("RF033", 4, 48),
        ("RF035", 5, 5),
    ]


def test_many_problems_are_cut_with_a_word() -> None:
    findings = validate(f"{HEAD}kind: Flows\nflows: [{'1, ' * 5000}]\n")
    assert len(findings) == 101
    assert any("the others are not listed" in finding.message for finding in findings)


def test_many_different_items_are_compared_quickly() -> None:
    mixed = ", ".join(f"{number}, a{number}" for number in range(1, 10_000))
    assert [code for code, _, _ in places(FLOW.replace("[https]", f"[{mixed}, -1]"))] == ["RF036"]


@pytest.mark.parametrize("text", ["::", "a", "a-", "a.", "/", "@a/", "a@b.", "1-", "0.", " ", "{namespace}"])
@pytest.mark.parametrize("kind", schema.KINDS)
def test_no_pattern_takes_long(text: str, kind: str) -> None:
    """A long text in every place that takes one: with a quadratic pattern this would run for hours."""

    def replaced(node: object) -> object:
        if isinstance(node, dict):
            return {key: replaced(part) for key, part in node.items() if key not in ("apiVersion", "kind")}
        if isinstance(node, list):
            return [replaced(part) for part in node]
        return text * 200_000 + "!"

    example = schema.load(kind)["examples"][0]
    data = example | replaced(example)  # type: ignore[operator]
    findings = schema.validate(documents.Document("f.yaml", data))
    assert "RF036" in {finding.check.code for finding in findings}
    assert all(len(finding.message) < 500 for finding in findings)


def test_the_small_case_is_valid() -> None:
    files = sorted((Path(__file__).parents[2] / "cases/small").rglob("*.yaml"))
    declarations = [path for path in files if "rendered" not in path.parts and b"ringfence.dev" in path.read_bytes()]
    assert len(declarations) > 8
    for path in declarations:
        assert validate(path.read_text()) == [], path


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    program = (
        "import sys\n"
        "from ringfence import documents, schema, resources\n"
        "from ringfence.documents import style\n"
        "heavy = {'yaml', 'ruamel.yaml', 'jsonschema', 'jsonschema_rs', 'difflib', 'subprocess'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "document, _ = documents.read('f.yaml', sys.argv[1].encode())\n"
        "assert schema.validate(document) == []\n"
        "heavy -= {'yaml', 'jsonschema_rs'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program, FLOW], check=True)
