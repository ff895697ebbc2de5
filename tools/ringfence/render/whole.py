"""Files of the dialects that are written whole, plainly or by templates, and then proven (`proof.written`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ringfence.compile.bundle import Bundle, Rule
from ringfence.compile.parts import Part
from ringfence.compile.parts import whole as with_rules
from ringfence.render import emit, proof
from ringfence.render import templates as jinja
from ringfence.render.dialects import Dialect, common
from ringfence.render.plain import only_comments
from ringfence.render.quoting import Yaml, block

_Files = Iterator[tuple[str, str]]
_Key = tuple[int, int, str, bool]


class Whole:
    """Writes the bundles of one dialect. Rules that bundles share are written once."""

    def __init__(self, dialect: Dialect, templates: jinja.Templates, why: Callable[[str, Rule], Yaml]) -> None:
        """Take a dialect, the templates, and what writes the comments above a rule of a dialect."""
        self._dialect = dialect
        self._templates = templates
        self._why = why
        self._rules: dict[_Key, tuple[str, Rule]] = {}
        self._blocks: dict[_Key, tuple[Yaml, Rule]] = {}

    def bundle(self, folder: str, bundle: Bundle, more: Sequence[str] = ()) -> _Files:
        """The files of a bundle in a folder, name to text; `more` are other files that the folder holds."""
        names = []
        for part in self._dialect.parts(bundle):
            names.append(f"{part.file}.yaml")
            yield names[-1], self._part(f"{folder}/{names[-1]}", bundle, part)
        yield self._kustomization(folder, [*names, *more], bundle.namespace_name, bundle.team)

    def _part(self, path: str, bundle: Bundle, part: Part) -> str:
        return proof.written(
            self._templates,
            self._name(part.template),
            path,
            self._plain(part),
            lambda: self._values(bundle, part),
            lambda: with_rules(part, self._dialect.as_rules),
        )

    def _values(self, bundle: Bundle, part: Part) -> dict[str, Any]:
        values = {**common(bundle, part.head), **self._dialect.values(part.head)}
        values["sections"] = tuple(
            (direction, tuple((self._comment(rule), self._block(rule, direction)) for rule in rules))
            for direction, rules in part.sections
            if rules or part.closed is not None
        )
        return values

    def _plain(self, part: Part) -> str:
        parts = [_lines(emit.mapping(part.head))]
        for direction, rules in part.sections:
            if rules:
                parts.append(f"  {direction}:\n")
                for rule in rules:
                    why = self._comment(rule)
                    parts.append(f"    {block(why, 4)}\n" if only_comments(why) else "")
                    parts.append(self._lines(rule, direction))
            elif part.closed is not None:
                parts.append(_lines(emit.mapping({direction: list(part.closed)}, "  ")))
        return "".join(parts)

    def _kustomization(self, folder: str, resources: list[str], namespace: str, team: str) -> tuple[str, str]:
        data = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": resources,
        }
        values = {"namespace": namespace, "team": team, "resources": tuple(resources)}
        name, path = self._name("kustomization"), f"{folder}/kustomization.yaml"
        plain = _lines(emit.mapping(data))
        return "kustomization.yaml", proof.written(self._templates, name, path, plain, lambda: values, lambda: data)

    def _comment(self, rule: Rule) -> Yaml:
        return self._why(self._name("why"), rule)

    def _block(self, rule: Rule, direction: str) -> Yaml:
        """A rule as its template writes it."""
        key = _key(rule, direction)
        if key not in self._blocks:
            values = {"direction": direction, "entries": tuple(map(tuple, self._dialect.entries(rule)))}
            self._blocks[key] = (self._templates.block(self._name("rules"), values), rule)
        return self._blocks[key][0]

    def _lines(self, rule: Rule, direction: str) -> str:
        """A rule written plainly, indented."""
        key = _key(rule, direction)
        if key not in self._rules:
            self._rules[key] = (_lines(emit.sequence(self._dialect.as_rules(rule, direction), "    ")), rule)
        return self._rules[key][0]

    def _name(self, template: str) -> str:
        return f"{self._dialect.name}/{template}.yaml.j2"


def _key(rule: Rule, direction: str) -> _Key:
    # by identity, much cheaper than by value; the rule is kept, so that no identity is given out again
    return (id(rule.peers), id(rule.ports), direction, rule.dns)


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
