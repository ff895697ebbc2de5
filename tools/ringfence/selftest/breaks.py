"""Every way to break a repository, with all that must see it. A new gate belongs here too."""

from __future__ import annotations

from ringfence.selftest import declared, rendered
from ringfence.selftest.types import Break, Expected


def _by(*words: str) -> tuple[Expected, ...]:
    """Expectations from texts such as `verify RF501`."""
    return tuple(Expected(*word.split()) for word in words)


DECLARED = (
    Break("unknown-key", "a key that nobody knows", _by("validate RF033"), declared.unknown_key),
    Break("style", "a declaration is not in style", _by("fmt RF020"), declared.not_in_style),
    Break("unknown-end", "a flow to a name that nobody declared", _by("validate RF110"), declared.unknown_end),
    Break("flow-removed", "a flow is gone, not rendered", _by("render RF402", "impact RF602"), declared.flow_removed),
    Break("flow-expired", "a flow has expired", _by("validate RF320", "impact RF320"), declared.flow_expired),
    Break("waiver-expired", "a waiver has expired", _by("validate RF310"), declared.waiver_expired),
    Break(
        "guardrail-flow",
        "a flow that a guardrail forbids",
        _by("validate RF301", "impact RF301"),
        declared.flow_against_guardrail,
    ),
    Break("consent", "a flow without consent", _by("validate RF204", "impact RF204"), declared.consent_withdrawn),
    Break("owners", "CODEOWNERS names somebody else", _by("owners RF420"), declared.codeowners_edited),
)
"""Breaks of declarations, and of what is written from them for the repository as a whole."""

RENDERED = (
    Break("comment", "a line is added by hand", _by("render RF402", "impact RF602"), rendered.comment),
    Break("rule-deleted", "a rule is deleted", _by("render RF402", "verify RF501"), rendered.rule_deleted),
    Break("ports-widened", "a rule loses its ports", _by("verify RF502"), rendered.ports_widened),
    Break("peer-widened", "a peer becomes every pod of its namespace", _by("verify RF502"), rendered.peer_widened),
    Break(
        "world",
        "a workload may call every address",
        _by("verify RF502", "impact RF601", "impact RF610", "impact RF616"),
        rendered.world,
    ),
    Break(
        "other-environment",
        "a workload may call the pods of another environment",
        _by("verify RF502", "impact RF601", "impact RF611"),
        rendered.other_environment,
    ),
    Break(
        "pair-opened",
        "a workload reaches another team's, by hand at both ends",
        _by("verify RF502", "impact RF601", "impact RF616"),
        rendered.pair_opened,
    ),
    Break(
        "unasked",
        "the same at the caller's end, where the other is open already",
        _by("impact RF612"),
        rendered.unasked,
    ),
    Break(
        "guardrail-opened",
        "a pair that a guardrail forbids is open",
        _by("verify RF504", "impact RF504"),
        rendered.guardrail_opened,
    ),
    Break(
        "guardrail-policy",
        "a policy of the cluster for a guardrail is not synced",
        _by("render RF402", "verify RF508"),
        rendered.guardrail_policy_not_listed,
    ),
    Break("selector", "a policy selects other pods", _by("verify RF506"), rendered.selector_changed),
    Break(
        "default-deny",
        "the default deny of a namespace is deleted",
        _by("render RF400", "verify RF502", "impact RF614"),
        rendered.default_deny_removed,
    ),
    Break("not-listed", "a policy is not synced", _by("render RF402", "verify RF501"), rendered.not_listed),
    Break(
        "no-policies",
        "a namespace has no policies",
        _by("render RF400", "verify RF502", "impact RF604", "impact RF614", "impact RF615"),
        rendered.namespace_without_policies,
    ),
    Break("all-closed", "a namespace has no rules", _by("verify RF501", "impact RF613"), rendered.namespace_closed),
    Break(
        "foreign-object", "a Deployment among policies", _by("render RF401", "verify RF505"), rendered.foreign_object
    ),
    Break("foreign-namespace", "a policy for kube-system", _by("verify RF505"), rendered.foreign_namespace),
    Break(
        "unknown-policy",
        "a policy of a kind that nothing evaluates",
        _by("verify RF503", "impact RF603"),
        rendered.unknown_policy,
    ),
)
"""Breaks of the rendered policies of one cluster, in its dialect."""
