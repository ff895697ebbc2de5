"""Services as typed values: which pods stand behind them, at which of their ports."""

from __future__ import annotations

from typing import Any

from ringfence.manifests.reader import Reader
from ringfence.manifests.types import Selector, Service, ServicePort
from ringfence.values.ports import FIRST, LAST, PROTOCOLS


def read_service(reader: Reader, data: dict[str, Any]) -> Service | None:
    """The Service of one object, None where it has no name. What is wrong with it is no finding: it decides nothing."""
    name, namespace, _ = reader.metadata(data, strict=False)
    spec = data.get("spec")
    if not name or not isinstance(spec, dict):
        return None
    found = spec.get("selector")
    labels = found if isinstance(found, dict) and spec.get("type") != "ExternalName" else {}
    plain = {str(key): value for key, value in labels.items() if isinstance(value, str)}
    selector = Selector.of(plain) if plain and len(plain) == len(labels) else None
    listed = spec.get("ports")
    ports = [_port(item) for item in listed] if isinstance(listed, list) else []
    whole = None not in ports  # of a Service with a port that nobody can read nothing is known
    return Service(namespace, name, selector if whole else None, tuple(port for port in ports if port), reader.at())


def _port(value: Any) -> ServicePort | None:
    """One port; `targetPort` is `port` where it is absent."""
    data = value if isinstance(value, dict) else {}
    target = data.get("targetPort") or data.get("port")
    protocol = data.get("protocol") or "TCP"
    if protocol not in PROTOCOLS:
        return None
    if type(target) is int and FIRST <= target <= LAST:
        return ServicePort(protocol, target)
    return ServicePort(protocol, 0, target) if isinstance(target, str) and target else None
