from __future__ import annotations

import pytest

from ringfence import sources
from ringfence.findings import Check


@pytest.mark.parametrize("check", sources.CHECKS, ids=lambda check: check.code)
def test_every_check_has_a_page(check: Check) -> None:
    assert "RF040" <= check.code <= "RF049"
    headings = [line for line in check.doc.splitlines() if line.startswith("## ")]
    assert headings == ["## What it finds", "## Why it matters", "## Fails", "## Passes"]
    assert check.title


def test_codes_and_names_are_unique() -> None:
    assert len({check.code for check in sources.CHECKS}) == len({check.name for check in sources.CHECKS}) == 7
