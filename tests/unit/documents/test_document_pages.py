from __future__ import annotations

import re

import pytest

from ringfence import documents
from ringfence.documents import CHECKS
from ringfence.findings import Check

HEADINGS = ["## What it finds", "## Why it matters", "## Fails", "## Passes"]


def examples(check: Check, heading: str) -> list[tuple[str, str]]:
    section = check.doc.split(f"\n{heading}\n")[1].split("\n## ")[0]
    return re.findall(r"```(\w+)\n(.*?)```", section, re.DOTALL)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_a_page_is_whole_and_its_examples_are_true(check: Check) -> None:
    assert re.findall(r"^## .*", check.doc, re.MULTILINE) == HEADINGS
    assert re.fullmatch(r"RF0[012]\d", check.code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", check.name)
    fails = examples(check, "## Fails")
    passes = examples(check, "## Passes")
    assert fails
    assert passes
    for language, text in fails:
        if language == "yaml":  # what a page cannot show (bytes, sizes) is `text`, and is tested in test_reader
            _, findings = documents.read("f.yaml", text.encode())
            assert {finding.check for finding in findings} == {check}
    for language, text in passes:
        assert language == "yaml"
        assert documents.read("f.yaml", text.encode())[1] == []


def test_codes_and_names_are_unique_and_in_order() -> None:
    codes = [check.code for check in CHECKS]
    assert codes == sorted(set(codes))
    assert len({check.name for check in CHECKS}) == len(CHECKS)
