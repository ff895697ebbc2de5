from __future__ import annotations

import re

import pytest

from ringfence import render
from ringfence.findings import Check


def test_codes_and_names_are_unique_and_in_range() -> None:
    codes = [check.code for check in render.CHECKS]
    assert codes == sorted(set(codes))
    assert all("RF400" <= code <= "RF419" for code in codes)
    assert len({check.name for check in render.CHECKS}) == len(codes)


@pytest.mark.parametrize("check", render.CHECKS, ids=lambda check: check.code)
def test_a_page_has_a_title_and_the_four_parts(check: Check) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", check.name)
    title, *rest = check.doc.strip().splitlines()
    assert title.endswith(".")
    headings = [line for line in rest if line.startswith("## ")]
    assert headings == ["## What it finds", "## Why it matters", "## Fails", "## Passes"]
