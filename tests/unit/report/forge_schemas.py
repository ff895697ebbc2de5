"""What platforms ask of the files that they read, as JSON Schemas: the parts that are written, and nothing else.

SARIF: the standard's 2.1.0 with GitHub's additions (a region in each location). Code Quality: GitLab's documentation.
"""

from __future__ import annotations

from typing import Any


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": {**required, **(optional or {})},
        "additionalProperties": False,
    }


TEXT = {"type": "string", "minLength": 1}
NUMBER = {"type": "integer", "minimum": 1}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
MESSAGE = _object({"text": TEXT})
PHYSICAL = _object(
    {
        # RFC 3986, relative: no blank, no control character, no colon before the first slash
        "artifactLocation": _object(
            {"uri": {"type": "string", "pattern": r"^[A-Za-z0-9._~!$&'()*+,;=@%/-]+$"}, "uriBaseId": TEXT}
        ),
        "region": _object({"startLine": NUMBER, "startColumn": NUMBER}),
    }
)
RESULT = _object(
    {
        "ruleId": TEXT,
        "ruleIndex": {"type": "integer", "minimum": 0},
        "level": LEVEL,
        "message": MESSAGE,
        "locations": {"type": "array", "minItems": 1, "items": _object({"physicalLocation": PHYSICAL})},
        "partialFingerprints": {"type": "object", "additionalProperties": TEXT},
        "properties": {"type": "object"},
    },
    {
        "relatedLocations": {
            "type": "array",
            "items": _object(
                {"id": {"type": "integer", "minimum": 0}, "physicalLocation": PHYSICAL, "message": MESSAGE}
            ),
        }
    },
)
RULE = _object(
    {
        "id": TEXT,
        "name": {"type": "string", "pattern": "^[A-Z][A-Za-z0-9]*$"},
        "shortDescription": MESSAGE,
        "help": _object({"text": TEXT, "markdown": TEXT}),
        "defaultConfiguration": _object({"level": LEVEL}),
    }
)
RUN = _object(
    {
        "tool": _object(
            {
                "driver": _object(
                    {
                        "name": TEXT,
                        "semanticVersion": TEXT,
                        "rules": {"type": "array", "items": RULE, "uniqueItems": True},
                    }
                )
            }
        ),
        "invocations": {
            "type": "array",
            "items": _object(
                {
                    "executionSuccessful": {"type": "boolean"},
                    "toolExecutionNotifications": {
                        "type": "array",
                        "items": _object({"level": LEVEL, "message": MESSAGE}),
                    },
                }
            ),
        },
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "results": {"type": "array", "items": RESULT, "maxItems": 25_000},
    },
    {"properties": {"type": "object"}},
)
SARIF = _object(
    {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "minItems": 1, "maxItems": 20, "items": RUN},
    }
)
CODE_QUALITY = {
    "type": "array",
    "items": _object(
        {
            "description": TEXT,
            "check_name": TEXT,
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": _object(
                {"path": {"type": "string", "pattern": "^(?!\\./)"}, "lines": _object({"begin": NUMBER})}
            ),
        }
    ),
}
