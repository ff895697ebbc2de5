"""Why a document is not valid, in plain words at exact places. Runs on failing documents only, so it may be slow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from ringfence.documents import Document
from ringfence.findings import Check, Finding
from ringfence.schema import codes
from ringfence.schema.repair import repairs
from ringfence.schema.words import example_of, inline, kind_of, quoted
from ringfence.values.nearest import did_you_mean, nearest

MAX_FINDINGS = 100

Node = Mapping[str, Any]


def explain(document: Document, schema: Node) -> list[Finding]:
    """The findings of a document that its schema refuses, by place; not those of `apiVersion` and `kind`."""
    validator = _VALIDATOR(schema, format_checker=FormatChecker(("date",)))
    errors = [error for error in validator.iter_errors(document.data) if error.validator != "const"]
    typos = _typos(errors)
    findings: dict[Finding, None] = {}
    for error in errors:
        for finding in _Explanation(document, schema, validator, error, typos).findings():
            findings[finding] = None
        if len(findings) >= MAX_FINDINGS:
            message = f"there are {MAX_FINDINGS} problems; the others are not listed"
            findings[codes.WRONG_VALUE.at(document.at(), message, hint="mend these first")] = None
            break
    return sorted(findings, key=lambda finding: finding.sort_key)


def _unique_items(_validator: Any, value: bool, instance: Any, _schema: Node) -> Iterator[ValidationError]:
    """In place of jsonschema's own, which can take quadratic time and does not say which item is repeated."""
    if not value or not isinstance(instance, list):
        return
    seen = set()
    for index, item in enumerate(instance):
        key = repr(item)
        if key in seen:
            yield ValidationError("repeated", path=[index], instance=item)
        seen.add(key)


_VALIDATOR: Any = extend(Draft202012Validator, {"uniqueItems": _unique_items})  # type: ignore[no-untyped-call]


def _unknown(error: Any) -> list[str]:
    """The keys that `additionalProperties` refuses."""
    return [key for key in error.instance if key not in error.schema["properties"]]


def _typos(errors: list[Any]) -> dict[tuple[str | int, ...], set[str]]:
    """For each mapping with unknown keys, the missing keys that were probably meant."""
    return {
        tuple(error.absolute_path): {
            guess
            for key in _unknown(error)
            if (guess := nearest(key, error.schema["properties"])) and guess not in error.instance
        }
        for error in errors
        if error.validator == "additionalProperties"
    }


class _Explanation:
    """One error of jsonschema, turned into findings."""

    def __init__(
        self,
        document: Document,
        root: Node,
        validator: Any,
        error: Any,
        typos: Mapping[tuple[str | int, ...], set[str]],
    ) -> None:
        self._document = document
        self._validator = validator
        self._error = error
        self._typos = typos
        self._route = tuple(error.absolute_path)
        self._nodes, self._properties = _nodes(root, error.absolute_schema_path)

    def findings(self) -> Iterator[Finding]:
        """The findings, mostly one."""
        error = self._error
        if error.validator == "additionalProperties":
            yield from self._unknown_keys()
        elif error.validator == "required":
            yield from self._missing_keys()
        elif "propertyNames" in error.absolute_schema_path:
            yield self._bad_key()
        elif error.validator == "not" and not error.validator_value:
            message = f"`{self._key}` cannot be here: {_lower(self._comment)}"
            yield codes.EXCLUDING_KEYS.at(
                self._document.at_key(*self._route), message, hint="keep one, delete the other"
            )
        elif error.validator == "uniqueItems":
            message = (
                f"{quoted(error.instance)} is in `{self._key}` twice; one of them was probably meant to be another"
            )
            yield self._at(codes.REPEATED_ITEM, message, "delete it")
        elif error.validator == "type":
            yield self._wrong_type()
        elif error.validator in ("minItems", "minProperties"):
            message = f"`{self._key}` is empty, which says nothing; it must be {self._title}"
            yield self._at(codes.WRONG_VALUE, message, f"name at least one{self._example}")
        elif error.validator == "format" and not re.search(error.schema["pattern"], error.instance):
            return  # its form is wrong, and the error of the pattern says so
        elif error.validator == "enum":
            choices = ", ".join(f"`{choice}`" for choice in error.validator_value)
            near = did_you_mean(str(error.instance), map(str, error.validator_value))
            message = f"{quoted(error.instance)} in `{self._key}` is not {self._title}; the choices are {choices}"
            yield self._at(codes.WRONG_VALUE, message, near or f"write one of them{self._example}")
        else:
            yield self._wrong_value()

    def _unknown_keys(self) -> Iterator[Finding]:
        known = list(self._error.schema["properties"])
        for key in _unknown(self._error):
            message = (
                f"there is no key {quoted(key)} in {self._title}; a key that means nothing must not look as if it did"
            )
            hint = did_you_mean(key, known) or f"the keys are {', '.join(f'`{name}`' for name in known)}"
            yield codes.UNKNOWN_KEY.at(self._document.at_key(*self._route, key), message, hint=hint)

    def _missing_keys(self) -> Iterator[Finding]:
        error = self._error
        meant = self._typos.get(self._route, set())
        owner = next(node for node in reversed(self._nodes) if "properties" in node and "title" in node)
        for key in error.validator_value:
            if key in error.instance or key in meant or key == "apiVersion":
                continue
            if self._comment:
                if any(f"`{guess}`" in self._comment for guess in meant):
                    continue
                message, add = self._comment.rstrip("."), "add one of them"
            else:
                message = (
                    f"the key `{key}` is missing in {owner['title']}: {_lower(_purpose(owner['properties'][key]))}"
                )
                add = f"add `{key}`"
            hint = f"{add}{example_of(key, owner['properties'][key])}"
            yield codes.MISSING_KEY.at(self._document.at(*self._route), message, hint=hint)

    def _bad_key(self) -> Finding:
        key = str(self._error.instance)
        if self._error.validator == "not" and "enum" in self._error.validator_value:
            message, hint = f"{quoted(key)} cannot be a name here: {_lower(self._comment)}", "choose another name"
        else:
            message = f"the key {quoted(key)} is not {self._title}: {_lower(self._rule)}"
            hint = self._repair(key) or "choose another name"
        return codes.WRONG_VALUE.at(self._document.at_key(*self._route, key), message, hint=hint)

    def _wrong_type(self) -> Finding:
        error = self._error
        value = error.instance
        item = self._route and isinstance(self._route[-1], int)
        what = f"an item of `{self._key}`" if item else f"`{self._key}`"
        message = f"{what} is {kind_of(value)}, but must be {self._title}. {self._rule}"
        return self._at(codes.WRONG_TYPE, message, self._conversion(value) or f"write a value{self._example}")

    def _conversion(self, value: Any) -> str:
        """How the value is written in an allowed type, where that is likely to be meant."""
        leaf = self._validator.evolve(schema=self._error.schema)
        if isinstance(value, str) and leaf.is_valid(True) and value.lower() in ("yes", "on", "y", "no", "off", "n"):
            return f"did you mean `{'true' if value.lower() in ('yes', 'on', 'y') else 'false'}`?"
        if isinstance(value, str | int | float):
            if leaf.is_valid([value]):
                return f"write a list: `{self._key}: [{inline(value)}]`"
            if not isinstance(value, str) and leaf.is_valid(str(value).lower()):
                return "put it in quotes"
        return ""

    def _wrong_value(self) -> Finding:
        value = self._error.instance
        message = f"{quoted(value)} in `{self._key}` is not {self._title}. {self._rule}"
        if value == "":
            message = f"`{self._key}` is an empty text, not {self._title}. {self._rule}"
        if self._error.validator == "format":
            message = f"{quoted(value)} in `{self._key}` is not {self._title}: there is no such day"
        return self._at(codes.WRONG_VALUE, message, self._repair(value) or f"write another value{self._example}")

    def _repair(self, value: Any) -> str:
        leaf = self._validator.evolve(schema=self._error.schema)
        return next((f"did you mean `{other}`?" for other in repairs(value) if leaf.is_valid(other)), "")

    def _at(self, check: Check, message: str, hint: str) -> Finding:
        return check.at(self._document.at(*self._route), message, hint=hint)

    @property
    def _key(self) -> str:
        """The key that the value stands under; of an item, its list's."""
        return next((step for step in reversed(self._route) if isinstance(step, str)), "the document")

    @property
    def _title(self) -> str:
        """What the value must be, with its article."""
        return next((node["title"] for node in reversed(self._nodes) if "title" in node), "allowed here")

    @property
    def _rule(self) -> str:
        """The rule of the value's form."""
        return next((node["description"] for node in reversed(self._nodes) if "description" in node), "")

    @property
    def _property(self) -> Node:
        """The schema of the property that the value belongs to, or nothing where its key is of the author's choice."""
        name, node = self._properties[-1] if self._properties else ("", {})
        return node if name == self._key else {}

    @property
    def _example(self) -> str:
        return example_of(self._key, self._property)

    @property
    def _comment(self) -> str:
        return next((node["$comment"] for node in reversed(self._nodes) if "$comment" in node), "")


def _nodes(root: Node, path: Any) -> tuple[list[Node], list[tuple[str, Node]]]:
    """The schemas on the way to a keyword, outermost first, references followed; and those of named properties."""
    node: Any = root
    nodes = [root]
    properties: list[tuple[str, Node]] = []
    before = None
    for step in path:
        if step not in node:
            # jsonschema leaves references out of the path.
            node = root["$defs"][node["$ref"].rpartition("/")[2]]
            nodes.append(node)
        node = node[step]
        if isinstance(node, dict):
            nodes.append(node)
            if before == "properties":
                properties.append((step, node))
        before = step
    return nodes, properties


def _purpose(node: Node) -> str:
    return str(node.get("description", ""))


def _lower(text: str) -> str:
    """A sentence as the second half of another: no capital, no final period."""
    first = text[:1].lower() if text[1:2].islower() or text[1:2] == " " else text[:1]
    return first + text[1:].rstrip(".")
