"""Rules that are said to have no effect have none, all of them together; and a rule that has none is said so."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from calicoed import calico_clusters
from ciliated import ciliated_clusters
from clusters import clusters, files
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiered import tiered_clusters

from ringfence.connectivity import Connectivity, Profile, evaluate, from_directory
from ringfence.lint import evidence, sides
from ringfence.lint.evidence import Evidence
from ringfence.lint.implied import Implied
from ringfence.lint.judge import Judge
from ringfence.lint.judgement import Effect, Judgement
from ringfence.lint.views import Views
from without_rules import changed, dropped

Object = dict[str, Any]
WITHOUT = (Effect.SHADOWED, Effect.REDUNDANT)

SETTINGS = settings(
    deadline=None,
    max_examples=30,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def result(objects: list[Object], match_pods: bool | None, representatives: bool) -> Connectivity:
    return evaluate(from_directory(files(objects), Profile("p", ip_blocks_match_pods=match_pods)), representatives)


def judged(objects: list[Object], match_pods: bool | None) -> list[Judgement]:
    return Judge(Views.of(result(objects, match_pods, representatives=True))).all()


def without(objects: list[Object], judgements: Iterable[Judgement]) -> list[Object]:
    """The objects less some rules; what isolates stays as it was."""
    left = copy.deepcopy(objects)
    by_name = {item["metadata"]["name"]: item["spec"] for item in left if "Policy" in item["kind"]}
    for spec in by_name.values():
        if "podSelector" in spec and "policyTypes" not in spec:
            spec["policyTypes"] = ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    for item in judgements:
        name = item.rule.applied.policy.id.split("/")[-1]
        by_name[name][item.rule.applied.direction][item.rule.rule.rule.index] = None
    for spec in by_name.values():
        for section in ("ingress", "egress"):
            if section in spec:
                spec[section] = [rule for rule in spec[section] or () if rule is not None]
    return left


def holds(objects: list[Object], match_pods: bool | None):
    found = judged(objects, match_pods)
    for ever in (True, False):
        gone = [item for item in found if item.effect in WITHOUT and not (ever and item.today)]
        if gone:
            left = without(objects, gone)
            assert not changed(result(objects, match_pods, ever), result(left, match_pods, ever)), gone


@SETTINGS
@given(clusters(), st.sampled_from([True, False, None]))
def test_what_has_no_effect_can_go_together(objects: list[Object], match_pods: bool | None):
    holds(objects, match_pods)


@SETTINGS
@given(tiered_clusters(), st.sampled_from([True, False]))
def test_what_has_no_effect_under_tiers_can_go_together(objects: list[Object], match_pods: bool):
    holds(objects, match_pods)


@SETTINGS
@given(tiered_clusters(ordered=False), st.sampled_from([True, False]))
def test_what_has_no_effect_can_go_whatever_the_order(objects: list[Object], match_pods: bool):
    holds(objects, match_pods)


@SETTINGS
@given(clusters(), st.booleans())
def test_a_rule_of_which_nothing_is_said_has_an_effect(objects: list[Object], match_pods: bool):
    """Complete for NetworkPolicy: what can go is superfluous, or nothing declared, or denied at the other end."""
    seen = Evidence.of(result(objects, match_pods, representatives=True))
    gone = [item for item in seen.judgements if item.effect in WITHOUT]
    blocked = {item.where for item in sides.find(seen)}
    implied = Implied(seen.result)
    left = without(objects, gone)
    before = [result(left, match_pods, ever) for ever in (False, True)]
    for item in seen.judgements:
        if item.effect is Effect.DECIDES and evidence.place(item.rule) not in blocked:
            named = [item.rule.applied.subjects[1] & seen.declared, *implied.peers(item.rule)]
            if not all(found & ~seen.result.space.unknown for found in named):
                continue
            less = without(objects, [*gone, item])
            after = [result(less, match_pods, ever) for ever in (False, True)]
            assert any(changed(*both, settled=False) for both in zip(before, after, strict=True)), item


def holds_lowered(objects: list[Object], profile: Profile):
    found = evaluate(from_directory(files(objects), profile), representatives=True)
    gone = [item for item in Judge(Views.of(found)).all() if item.effect in WITHOUT]
    assert not changed(found, dropped(found, [item for item in gone if not item.today]))
    assert not changed(found, dropped(found, gone), declared=True)


@SETTINGS
@given(calico_clusters())
def test_what_has_no_effect_under_calico_can_go_together(objects: list[Object]):
    holds_lowered(objects, Profile("calico", True))


@SETTINGS
@given(ciliated_clusters())
def test_what_has_no_effect_under_cilium_can_go_together(objects: list[Object]):
    holds_lowered(objects, Profile("cilium", False))
