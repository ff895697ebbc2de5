"""Every check of the tool in one list, by code, gathered from the stages that own them."""

from __future__ import annotations

from ringfence.findings import Check


def all_checks() -> list[Check]:
    """All checks by code. Raises `AssertionError` where two share a code or a name: identities are never reused."""
    from ringfence import checks, gitops, impact, lint, manifests, render, verify
    from ringfence.connectivity import checks as together
    from ringfence.manifests import calico, cilium
    from ringfence.observe import enforcing, undecided

    known = [
        *checks.ALL,
        *render.CHECKS,
        gitops.OWNERS_DRIFT,
        *verify.CHECKS,
        *impact.CHECKS,
        *enforcing.CHECKS,
        *undecided.CHECKS,
        *manifests.CHECKS,
        *calico.CHECKS,
        *cilium.CHECKS,
        *together.CHECKS,
        *lint.CHECKS,
    ]
    by_code = {check.code: check for check in known}
    names = {check.name for check in by_code.values()}
    if len(set(known)) != len(by_code) or len(names) != len(by_code):
        raise AssertionError("two checks share a code or a name")
    return [by_code[code] for code in sorted(by_code)]
