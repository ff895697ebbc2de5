"""Each machine format against the schema of whoever reads it."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import forge_schemas
import jsonschema
import pytest
import report_kit as kit

from ringfence import report
from ringfence.impact import Report
from ringfence.report import impact, sarif

IMPACT_SCHEMA = Path(__file__).parents[3] / "docs/reference/impact.schema.json"
REPORTS = [kit.real(), kit.hostile(), kit.made((), findings=0, objects=0)]
IDS = ["real", "hostile", "empty"]


def closed(schema: Any) -> Any:
    """The schema with nothing allowed that it does not name: so that every key is documented."""
    if isinstance(schema, dict):
        result = {key: closed(value) for key, value in schema.items()}
        if "properties" in schema and "additionalProperties" not in schema:
            result["additionalProperties"] = False
        return result
    return [closed(item) for item in schema] if isinstance(schema, list) else schema


@pytest.mark.parametrize("found", REPORTS, ids=IDS)
def test_json_is_as_documented(found: Report) -> None:
    schema = json.loads(IMPACT_SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(closed(copy.deepcopy(schema))).validate(json.loads(impact.render(found, "json")))


@pytest.mark.parametrize("found", REPORTS, ids=IDS)
def test_sarif_is_as_the_standard_says(found: Report) -> None:
    data = json.loads(impact.render(found, "sarif"))
    jsonschema.Draft202012Validator(forge_schemas.SARIF).validate(data)
    (run,) = data["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result, finding in zip(run["results"], found.findings, strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.check.code


@pytest.mark.parametrize("found", REPORTS, ids=IDS)
def test_code_quality_is_as_gitlab_says(found: Report) -> None:
    data = json.loads(impact.render(found, "codequality"))
    jsonschema.Draft202012Validator(forge_schemas.CODE_QUALITY).validate(data)
    assert len({item["fingerprint"] for item in data}) == len(data) == len(found.findings)


@pytest.mark.parametrize("found", REPORTS, ids=IDS)
def test_junit_counts_what_it_holds(found: Report) -> None:
    root = ElementTree.fromstring(impact.render(found, "junit"))  # noqa: S314 - our own text
    assert root.tag == "testsuites"
    (suite,) = root
    cases = suite.findall("testcase")
    for element in (root, suite):
        assert element.attrib["tests"] == str(len(cases))
        assert element.attrib["failures"] == str(len(suite.findall("testcase/failure")))
    assert len({(case.attrib["classname"], case.attrib["name"]) for case in cases}) == len(cases)
    for case in cases:
        assert set(case.attrib) <= {"classname", "name", "time", "file"}


@pytest.mark.parametrize("format_", report.FINDING_FORMATS)
def test_findings_of_other_commands(format_: str) -> None:
    found = kit.hostile().findings
    written = report.findings(found, format_, summary="1 file")
    none = report.findings((), format_, summary="1 file")
    assert "1 file" in none or format_ == "codequality"
    if format_ == "sarif":
        for text in (written, none):
            jsonschema.Draft202012Validator(forge_schemas.SARIF).validate(json.loads(text))
    elif format_ == "codequality":
        assert none == "[]\n"
        jsonschema.Draft202012Validator(forge_schemas.CODE_QUALITY).validate(json.loads(written))
    elif format_ == "junit":
        assert ElementTree.fromstring(written).attrib["failures"] == "1"  # noqa: S314
        assert ElementTree.fromstring(none).attrib["tests"] == "1"  # noqa: S314


@pytest.mark.parametrize("format_", ["markdown", "html", "github-comment", "github-summary"])
def test_findings_for_people_where_there_is_no_report(format_: str) -> None:
    written = report.findings(kit.made(()).findings, format_, summary="1 file")
    assert "RF999" in written
    assert "1 file" in written


def test_sarif_says_what_it_leaves_out(monkeypatch: pytest.MonkeyPatch) -> None:
    assert forge_schemas.RUN["properties"]["results"]["maxItems"] == sarif.MOST
    monkeypatch.setattr(sarif, "MOST", 1000)
    data = json.loads(sarif.findings(kit.made((), findings=1002).findings, "many"))
    (run,) = data["runs"]
    assert len(run["results"]) == 1000
    assert run["invocations"][0]["toolExecutionNotifications"][1] == {
        "level": "warning",
        "message": {"text": "2 of 1,002 findings are left out: a run may hold 1,000; see --format json"},
    }


def test_fingerprints_do_not_change_when_lines_move() -> None:

    from ringfence.findings import Location
    from ringfence.report import fingerprints

    before = kit.made((), findings=3).findings
    after = [item._replace(where=Location(item.where.path, item.where.line + 7, 3)) for item in before]
    assert fingerprints.unique(before) == fingerprints.unique(after)
    twice = [before[0], before[0]]
    first, second = fingerprints.unique(twice)
    assert first == before[0].fingerprint != second
    other = before[0]._replace(where=Location("elsewhere", 0, 1))
    assert fingerprints.unique([other]) != fingerprints.unique([before[0]])
