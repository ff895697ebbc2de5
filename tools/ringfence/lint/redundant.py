"""RF751: a rule, or a whole policy, that adds nothing to the others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from ringfence.connectivity.resolve import Action, Applied
from ringfence.findings import Check, Finding, Severity
from ringfence.lint import evidence, isolation
from ringfence.lint.evidence import Evidence
from ringfence.lint.implied import Implied
from ringfence.lint.judgement import Because, Effect, Judgement
from ringfence.lint.views import Selecting, View

CHECK = Check(
    "RF751",
    "rule-redundant",
    Severity.INFO,
    """
A rule or a policy that adds nothing to what others do.

## What it finds

A rule without which nothing changes, since other rules of the same tier do the same for every connection that it
matches; and a policy all of whose rules are such, and whose pods other policies isolate already. It is judged by what
the rules match. All that is reported can go together: of two equal rules the later one is reported. Where workloads are
declared, it can hold for these only; the message says so.

## Why it matters

Who wants to close something must find every rule that opens it. A rule that does nothing today opens again what
somebody closes elsewhere.

## Fails

```yaml
# web.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress:
    - from: [{podSelector: {}}]
    - from: [{podSelector: {matchLabels: {app: api}}}]
      ports: [{port: 8080}]
```

## Passes

```yaml
# web.yaml
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec:
  podSelector: {matchLabels: {app: web}}
  policyTypes: [Ingress]
  ingress:
    - from: [{podSelector: {}}]
```
""",
)


def find(seen: Evidence) -> Iterator[Finding]:
    """The redundant policies, then the redundant rules of others. Of a policy that denies nothing RF755 speaks."""
    undone = [item for item, _ in isolation.undone(seen)]
    denying_nothing = {evidence.policy(item) for item in undone}
    whole = [pair for pair in _policies(seen) if evidence.policy(pair[0]) not in denying_nothing]
    because: dict[str, dict[Because, None]] = defaultdict(dict)
    for item in seen.judgements:
        because[evidence.policy(item.rule.applied)].update(dict.fromkeys(item.because))
    for same, others in whole:
        others = list({evidence.policy(item): item for item in others}.values())
        rules = because[evidence.policy(same)]
        named = evidence.some([evidence.policy(item) for item in others])
        yield CHECK.at(
            same.policy.where,
            f"{evidence.policy(same)} adds nothing: {named} isolate{_s(others)} the same pods"
            + (f", and {evidence.because(rules)[0]} allow{_s(rules)} all that it allows" if rules else ""),
            hint="drop it",
            subject=same.policy.id,
            related=[(item.policy.where, "isolates these pods") for item in others[:3]],
        )
    told = {evidence.policy(same) for same, _ in whole}
    silent = {id(one) for _, one in seen.views.applied if evidence.policy(one) in told} | set(map(id, undone))
    for judgement in seen.judgements:
        if judgement.effect is Effect.REDUNDANT and id(judgement.rule.applied) not in silent:
            yield _rule(judgement)


def _rule(item: Judgement) -> Finding:
    names, related = evidence.because(item.because)
    scope = " among the workloads declared here" if item.today else ""
    verb = f"{item.rule.action}{_s(item.because)}"
    return CHECK.at(
        evidence.place(item.rule),
        f"{evidence.rule(item.rule)} adds nothing{scope}: {names} {verb} all that it matches",
        hint="drop it, or narrow the others",
        subject=item.rule.applied.policy.id,
        related=related,
    )


def _s(items: Collection[object]) -> str:
    """The end of a verb."""
    return "s" if len(items) == 1 else ""


def _policies(seen: Evidence) -> list[tuple[Applied, list[Applied]]]:
    """Policies without which nothing changes, with those that isolate their pods besides. All can go together."""
    superfluous = {item.rule.number for item in seen.judgements if item.effect is Effect.REDUNDANT and not item.today}
    kept = {evidence.policy(item.rule.applied) for item in seen.judgements if item.rule.number not in superfluous}
    implied = Implied(seen.result)
    directions: dict[str, list[Applied]] = defaultdict(list)
    found: dict[int, list[tuple[View, int, Selecting]]] = defaultdict(list)
    for tier, item in seen.views.applied:
        if tier.end is Action.DENY and item.isolates:
            directions[evidence.policy(item)].append(item)
    for view in seen.views.views:
        for number, stage in enumerate(view.stages):
            for selecting in (one for group in stage.groups for one in group.policies):
                found[id(selecting.applied)].append((view, number, selecting))
    gone: set[str] = set()
    result = []
    for policy, items in reversed(directions.items()):
        if policy in kept:
            continue
        others = [_isolated_besides(places, gone, implied) for item in items if (places := found[id(item)])]
        if others and all(others):
            gone.add(policy)
            result.append((items[0], [other for group in others for other in group]))
    return result[::-1]


def _isolated_besides(places: list[tuple[View, int, Selecting]], gone: set[str], implied: Implied) -> list[Applied]:
    """Other policies that isolate all of a policy's pods; none where one of them would be open without it."""
    result: dict[int, Applied] = {}
    for view, number, mine in places:
        others = [
            item.applied
            for group in view.stages[number].groups
            for item in group.policies
            if evidence.policy(item.applied) not in {*gone, evidence.policy(mine.applied)}
            and item.applied.isolates
            and (item.certain or implied.subject(mine.applied, item.applied))
        ]
        if not others:
            return []
        result[id(others[0])] = others[0]
    return list(result.values())
