"""Shares that must not fall: of workloads that are isolated, of connections that are justified."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ringfence.findings import Check, Finding, Location, Severity
from ringfence.impact.gates.facts import Facts, Rule
from ringfence.impact.gates.stages import stepped_back
from ringfence.impact.measures import ISOLATED, JUSTIFIED
from ringfence.impact.types import Level, Measure

ISOLATION = Check(
    "RF615",
    "isolation-falls",
    Severity.ERROR,
    """\
The share of isolated workloads falls.

## What it finds

In one direction, a smaller share of the declared workloads of all clusters than in the base is isolated by some policy,
and more of them than before are not. A share that falls only because isolated workloads leave is none, and neither is
one that falls because a namespace starts at the stage `permissive` or `audit`.

## Why it matters

Microsegmentation is introduced step by step. A step back should be a decision, and not go unseen among other changes.

## Fails

```yaml
# the policies of a namespace are not part of what is rendered, while its workloads are declared
```

## Passes

```yaml
# every declared workload is selected by a policy that isolates it in both directions
```
""",
)

JUSTIFICATION = Check(
    "RF616",
    "justification-falls",
    Severity.ERROR,
    """\
The share of justified connections falls.

## What it finds

A smaller share of the connections of all clusters than in the base is declared by a flow or a baseline grant on all its
ports, and more of them than before are not. A share that falls only because justified connections close is none.
Connections that nothing but a stage leaves open are not counted: they close with it.

## Why it matters

A connection that nobody declared has no reason and no owner. Their share may only shrink.

## Fails

```yaml
# a rendered policy gains a rule by hand
```

## Passes

```yaml
# a flow declares what the rule allows
```
""",
)


def _fallen(facts: Facts, names: Collection[str]) -> Iterator[Measure]:
    return (measure for measure in facts.measures if measure.name in names and measure.fell)


def _passes(facts: Facts, names: Collection[str]) -> str:
    if facts.namespaces == 0:
        return "no namespace is concerned"
    shares = "; ".join(text(measure) for measure in facts.measures if measure.name in names)
    if facts.namespaces is None:
        return shares
    of = "the namespace" if facts.namespaces == 1 else f"the {facts.namespaces:,} namespaces"
    return f"{shares}, in {of} that this can concern"


def text(measure: Measure) -> str:
    """`workloads isolated for ingress: 9 of 10 → 10 of 10`."""
    return f"{measure.name}: {measure.before[0]} of {measure.before[1]} → {measure.after[0]} of {measure.after[1]}"


def _isolation(facts: Facts) -> Iterator[Finding]:
    for direction, name in ISOLATED.items():
        for measure in _fallen(facts, (name,)):
            message, where = f"{text(measure)}: the share falls", Location("policies/rendered")
            hint = "let a policy isolate every workload that is declared"
            if back := stepped_back(facts, direction):
                where = back[0].where
                message += f", with the stage of {', '.join(f'{item.id} ({item.stage})' for item in back)}"
                hint = (
                    f"to keep the stage: ringfence promote {back[0].namespace} --cluster {back[0].cluster}; a step "
                    "back that is meant needs `gates: {isolation-ratchet: warn}` in policies/ringfence.yaml before"
                )
            yield ISOLATION.at(where, message, hint=hint, subject=name)


def _justification(facts: Facts) -> Iterator[Finding]:
    for measure in _fallen(facts, (JUSTIFIED,)):
        if not measure.before[1]:
            continue  # of nothing there is no share: the first import, or the first stage that closes anything
        hint = "declare a flow for what is meant, and render again"
        where = Location("policies/rendered")
        yield JUSTIFICATION.at(where, f"{text(measure)}: the share falls", hint=hint, subject=measure.name)


GATES = (
    Rule("isolation-ratchet", ISOLATION, Level.ERROR, _isolation, lambda facts: _passes(facts, ISOLATED.values())),
    Rule("justification-ratchet", JUSTIFICATION, Level.ERROR, _justification, lambda f: _passes(f, (JUSTIFIED,))),
)
