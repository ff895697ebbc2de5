"""Names of ports that only Services give: `grpc` for the port 7070 that a container declares without a name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ringfence.adopt.existing.source import Source
from ringfence.manifests import NetworkPolicy, Selector

_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]+(-[a-z0-9]+)*")
LONGEST = 15


def port_names(source: Source, policies: Iterable[NetworkPolicy]) -> dict[tuple[str, str, int], str]:
    """The name by which a Service calls a port of an endpoint, by the endpoint's id, protocol and number.

    A name that some policy uses is left out: there it means what containers call so.
    """
    used = {
        port.name
        for policy in policies
        for rule in (*(policy.ingress or ()), *(policy.egress or ()))
        for port in rule.ports
    }
    found: dict[tuple[str, str, int], str] = {}
    for item in source.services:
        spec = item.document.data.get("spec")
        selector = spec.get("selector") if isinstance(spec, dict) else None
        if not isinstance(spec, dict) or not isinstance(selector, dict) or not isinstance(spec.get("ports"), list):
            continue
        if not selector or not all(isinstance(part, str) for pair in selector.items() for part in pair):
            continue
        wanted = Selector.of(selector)
        behind = [
            end
            for end in source.state.endpoints
            if end.namespace == item.namespace and wanted.matches(dict(end.labels))
        ]
        for port in spec["ports"]:
            name, number = (
                (port.get("name"), port.get("targetPort", port.get("port"))) if isinstance(port, dict) else (None, None)
            )
            if not isinstance(name, str) or type(number) is not int or name in used:
                continue
            if len(name) <= LONGEST and _NAME.fullmatch(name):
                for end in behind:
                    found.setdefault((end.id, port.get("protocol") or "TCP", number), name)
    return found
