from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    try:
        parser.addoption("--update-golden", action="store_true", help="rewrite golden files; the run still fails")
    except ValueError as error:  # another folder's conftest offers the same option
        if "already added" not in str(error):
            raise
