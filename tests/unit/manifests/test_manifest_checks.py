"""The pages of the checks of manifests."""

from __future__ import annotations

import re

import pytest

from ringfence.findings import Check
from ringfence.manifests import CHECKS


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.code)
def test_page(check: Check):
    assert re.fullmatch(r"RF7[0-2][0-9]", check.code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", check.name)
    assert check.doc.splitlines()[0].endswith(".")
    assert re.findall(r"^## (.*)$", check.doc, re.MULTILINE) == ["What it finds", "Why it matters", "Fails", "Passes"]


def test_codes_and_names_are_unique():
    assert len({check.code for check in CHECKS}) == len({check.name for check in CHECKS}) == len(CHECKS)
