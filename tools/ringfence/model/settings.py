"""The repository's settings from `policies/ringfence.yaml`."""

from __future__ import annotations

from ringfence.findings import Location
from ringfence.model.node import Node
from ringfence.model.ports import Report
from ringfence.model.problems import files as problems
from ringfence.model.types import Settings
from ringfence.sources import MARK

WARN_DAYS = 30
GATE_LEVELS = ("error", "warn", "ignore")
MASS_CHANGE_PERCENT = 50


def build(node: Node | None, lost: bool, report: Report) -> Settings | None:
    """The settings, or nothing where what every stage needs is missing (reported)."""
    if node is None:
        if not lost:
            message = "the settings are missing: nobody knows whose repository this is, and how teams consent"
            report(problems.NO_SETTINGS.at(Location(MARK), message, hint="`ringfence init` writes one"))
        return None
    url = node.get("repository").get("url")
    owners = tuple(item.value for item in node.get("owners").texts())
    missing = [
        name
        for name, there in (
            ("organisation", node.string("organisation")),
            ("repository.url", url.text()),
            ("owners", owners),
        )
        if not there
    ]
    if missing:
        report(
            problems.NO_SETTINGS.at(
                node.where,
                f"the settings say no {' and no '.join(missing)}, which every stage needs",
                hint=f"add {missing[0].partition('.')[0]}",
            )
        )
        return None
    days = node.get("expiry").get("warnDays").value
    gitops = node.get("gitops")
    gates = node.get("gates")
    percent, used = gates.get("mass-change-percent").value, gates.get("used-threshold").value
    return Settings(
        organisation=node.string("organisation"),
        default_branch=node.get("repository").get("defaultBranch").text("main"),
        repository_url=url.text(),
        platform_owners=owners,
        consent=node.get("consent").text("review"),
        require_ticket=node.get("tickets").value == "required",
        warn_days=days if isinstance(days, int) and not isinstance(days, bool) else WARN_DAYS,
        argocd_namespace=gitops.get("argocdNamespace").text("argocd"),
        flux_namespace=gitops.get("fluxNamespace").text("flux-system"),
        where=node.where,
        gates=tuple(sorted((name, item.text()) for name, item in gates.items() if item.text() in GATE_LEVELS)),
        mass_change_percent=percent if type(percent) is int else MASS_CHANGE_PERCENT,
        used_threshold=used if type(used) is int else 0,
        policy_writers=tuple(sorted(item.value for item in node.get("policyWriters").texts())),
    )
