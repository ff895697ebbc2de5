"""What each known network plugin makes of policies, unless a cluster says otherwise."""

from __future__ import annotations

from ringfence.findings import Location
from ringfence.model.types import Cni

DEFAULTS: dict[str, tuple[bool, bool]] = {
    "antrea": (True, True),
    "calico": (True, True),
    "cilium": (False, True),
    "flannel": (True, False),
    "kube-router": (True, True),
    "ovn-kubernetes": (True, True),
    "weave": (True, False),
}
"""By name: whether an `ipBlock` matches pod addresses, and whether NetworkPolicy is enforced.

The API leaves the first to the implementation. Calico, Antrea and the iptables engines match, Cilium does not (its
`policy-cidr-match-mode` is empty by default). Flannel enforces nothing by itself, and Weave Net is archived.
"""


def profile(name: str, ip_blocks_match_pods: bool | None, where: Location) -> Cni | None:
    """The profile of a plugin with a cluster's own choice in it, or nothing for an unknown plugin."""
    if name not in DEFAULTS:
        return None
    default, enforces = DEFAULTS[name]
    return Cni(name, default if ip_blocks_match_pods is None else ip_blocks_match_pods, enforces, where)
