"""Files of the dialects that are written whole: templates are run, and what they wrote is proven.

As with `plain`, most files are not read again: what a template wrote is first held against the object written plainly.
"""

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
Why = Callable[[Rule], Yaml]


class Whole:
    """Writes the bundles of one dialect. Rules that bundles share are written once."""

    def __init__(self, dialect: Dialect, templates: jinja.Templates, why: Callable[[str, Rule], Yaml]) -> None:
        """Take a dialect, the templates, and what writes the comments above a rule of a dialect."""
        self._dialect = dialect
        self._templates = templates
        self._why = why
        self._rules: dict[tuple[int, int, str], tuple[Yaml, str, Rule]] = {}

    def bundle(self, folder: str, bundle: Bundle, more: Sequence[str] = ()) -> _Files:
        """The files of a bundle in a folder, name to text; `more` are other files that the folder holds."""
        names = []
        for part in self._dialect.parts(bundle):
            names.append(f"{part.file}.yaml")
            yield names[-1], self._part(f"{folder}/{names[-1]}", bundle, part)
        yield self._kustomization(folder, [*names, *more], bundle.namespace_name, bundle.team)

    def _part(self, path: str, bundle: Bundle, part: Part) -> str:
        values = {**common(bundle, part.head), **self._dialect.values(part.head)}
        values["sections"] = tuple(
            (direction, tuple((self._comment(rule), self._written(rule, direction)[0]) for rule in rules))
            for direction, rules in part.sections
            if rules or part.closed is not None
        )
        name = self._name(part.template)
        written = self._templates.run(name, values)
        if written != self._plain(part):
            proof.must_mean(self._templates.suspect(name), path, written, with_rules(part, self._dialect.as_rules))
        return written

    def _plain(self, part: Part) -> str:
        parts = [_lines(emit.mapping(part.head))]
        for direction, rules in part.sections:
            if rules:
                parts.append(f"  {direction}:\n")
                for rule in rules:
                    why = self._comment(rule)
                    parts.append(f"    {block(why, 4)}\n" if only_comments(why) else "")
                    parts.append(self._written(rule, direction)[1])
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
        file = "kustomization.yaml"
        plain = _lines(emit.mapping(data))
        return file, self._proven(self._name("kustomization"), f"{folder}/{file}", values, plain, data)

    def _proven(self, name: str, path: str, values: dict[str, Any], plain: str, data: dict[str, Any]) -> str:
        written = self._templates.run(name, values)
        if written != plain:
            proof.must_mean(self._templates.suspect(name), path, written, data)
        return written

    def _comment(self, rule: Rule) -> Yaml:
        return self._why(self._name("why"), rule)

    def _written(self, rule: Rule, direction: str) -> tuple[Yaml, str, Rule]:
        """A rule as its template wrote it, and plainly, indented."""
        # keyed by identity, much cheaper than by value; the rule is kept, so that no identity is given out again
        key = (id(rule.peers), id(rule.ports), f"{direction}{rule.dns}")
        found = self._rules.get(key)
        if found is None:
            values = {"direction": direction, "entries": tuple(map(tuple, self._dialect.entries(rule)))}
            written = self._templates.block(self._name("rules"), values)
            plain = _lines(emit.sequence(self._dialect.as_rules(rule, direction), "    "))
            found = self._rules[key] = (written, plain, rule)
        return found

    def _name(self, template: str) -> str:
        return f"{self._dialect.name}/{template}.yaml.j2"


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
