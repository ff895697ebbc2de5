from __future__ import annotations

import json
from pathlib import Path

import pytest

from ringfence import resources
from ringfence.resources import MissingDataError


def test_a_schema_and_the_templates_of_the_checkout() -> None:
    assert json.loads(resources.schema_text("flows"))["title"]
    found = resources.templates()
    assert list(found) == sorted(found)
    assert all(name.endswith(".j2") and text for name, text in found.items())


def test_a_wheel_has_them_in_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path)
    folder = tmp_path / "data/schemas/v1alpha1"
    folder.mkdir(parents=True)
    (folder / "flows.schema.json").write_text("{}")
    assert resources.schema_text("flows") == "{}"
    with pytest.raises(MissingDataError, match=r"team\.schema\.json") as caught:
        resources.schema_text("team")
    assert "install ringfence again" in caught.value.hint


def test_absent_data_is_an_error_that_teaches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "package")
    monkeypatch.setattr(resources, "_CHECKOUT", tmp_path / "checkout")
    with pytest.raises(MissingDataError, match="schemas that ship with ringfence are neither in"):
        resources.schema_text("flows")
    with pytest.raises(MissingDataError, match="templates that ship"):
        resources.templates()
    (tmp_path / "checkout/policies/templates").mkdir(parents=True)
    with pytest.raises(MissingDataError, match="there is no template"):
        resources.templates()
