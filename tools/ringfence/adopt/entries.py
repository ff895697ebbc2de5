"""Entries that the catalogue lacks: DNS names outside that were called, with the addresses that they had."""

from __future__ import annotations

import ipaddress
import re

from msgspec import Struct

from ringfence.findings import Location
from ringfence.model.dnsnames import is_name
from ringfence.model.layout import is_label
from ringfence.model.types import Model, Peer, Workload
from ringfence.observe.mapping import Places
from ringfence.observe.results import Comparison
from ringfence.observe.usage import Usage
from ringfence.values.addresses import AddressSet
from ringfence.verify.declared import says_names

PRIVATE = AddressSet.of(["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"])
"""What is routed on no public network (RFC 1918, RFC 6598, RFC 4193)."""


class Entry(Struct, frozen=True):
    """A new peer. `owner` is the team that calls it most often; `also` are other names of its addresses."""

    name: str
    dns: str
    addresses: tuple[str, ...]
    owner: str
    usage: Usage
    also: tuple[str, ...]
    peer: Peer

    @property
    def is_private(self) -> bool:
        """Whether all its addresses are, so that it is no part of the world."""
        return bool(self.addresses) and AddressSet.of(self.addresses) <= PRIVATE


def of(comparison: Comparison, model: Model) -> dict[str, Entry]:
    """An entry for each DNS name that was called, and that no entry has; by the label of where it was seen."""
    places = Places(model, comparison.cluster)
    # addresses are needed wherever some cluster cannot say names
    with_addresses = not all(map(says_names, model.clusters.values()))
    usage: dict[str, Usage] = {}
    callers: dict[str, dict[str, int]] = {}
    addresses: dict[str, set[str]] = {}
    also: dict[str, set[str]] = {}
    for seen in comparison.observed.seen:
        names = seen.destination.names
        if not names or seen.verdict == "denied" or not is_name(names[0]):
            continue
        mapped, source = places.place(seen.destination), places.place(seen.source)
        if mapped.kind != "outside" or mapped.by_name:
            continue
        label = mapped.label
        workload = model.workloads.get(source.end or "")
        if isinstance(workload, Workload):
            counts = callers.setdefault(label, {})
            counts[workload.team] = counts.get(workload.team, 0) + seen.count
            usage[label] = usage.get(label, Usage()).plus(seen)
            addresses.setdefault(label, set()).update(_network(seen.destination.address))
            also.setdefault(label, set()).update(names[1:])
    found: dict[str, Entry] = {}
    taken = set(model.peers)
    for label, counts in sorted(callers.items()):
        dns = _dns(label)
        held = tuple(AddressSet.of(addresses[label]).cidrs()) if with_addresses else ()
        if with_addresses and not held:
            continue  # a flow to it would be refused
        owner = max(sorted(counts), key=lambda team: counts[team])
        name = _name(dns, taken)
        peer = Peer(name, "", owner, (), Location(""), AddressSet.of(held), held, names=(dns,), world=True)
        found[label] = Entry(name, dns, held, owner, usage[label], tuple(sorted(also[label])), peer)
    return found


def _dns(label: str) -> str:
    """The name in a label, which may stand in brackets behind a peer that is the whole world."""
    inside = re.fullmatch(r".+ \((.+)\)", label)
    return inside[1] if inside else label


def _network(address: str) -> set[str]:
    try:
        return {str(ipaddress.ip_network(address, strict=False))}
    except ValueError:
        return set()


def _name(dns: str, taken: set[str]) -> str:
    """`api.stripe.com` as `api-stripe-com`, with a number where that is taken or too long."""
    plain = re.sub("[^a-z0-9]+", "-", dns).strip("-")
    name, number = plain[:63].strip("-"), 1
    while name in taken or not is_label(name):
        number += 1
        name = f"{plain[:58].strip('-')}-{number}"
    taken.add(name)
    return name
