"""Models built by hand: short constructors with defaults, the small repository of the goldens, and random models."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from hypothesis import strategies as st
from msgspec.structs import replace

from ringfence.findings import Location
from ringfence.model.types import (
    ENFORCED,
    Cluster,
    Cni,
    End,
    Flow,
    Grant,
    Leg,
    Model,
    Namespace,
    Peer,
    Port,
    Settings,
    Stage,
    Team,
    Workload,
)
from ringfence.values.addresses import AddressSet
from ringfence.values.ports import PortRange

HERE = Location("policies/ringfence.yaml", 1, 1)
SETTINGS = Settings("Example", "main", "", ("@example/platform",), "review", False, 30, "argocd", "flux-system", HERE)


def ports(*texts: str) -> tuple[PortRange, ...]:
    """`443`, `53/UDP`, `80-90/TCP`."""
    result = []
    for text in texts:
        numbers, _, protocol = text.partition("/")
        first, _, last = numbers.partition("-")
        result.append(PortRange(protocol or "TCP", int(first), int(last or first)))
    return tuple(result)


def cluster(
    name: str,
    environment: str = "",
    pattern: str = "{namespace}",
    dialect: str = "kubernetes",
    stage: Stage = ENFORCED,
    **stages: Stage,
) -> Cluster:
    nothing = AddressSet()
    where = Location(f"policies/clusters/{name}.yaml", 1, 1)
    calico = Cni("calico", ip_blocks_match_pods=True)
    cilium = Cni("cilium", ip_blocks_match_pods=False, names=("cilium",))
    return Cluster(
        name,
        environment or name,
        name,
        f"https://{name}.example.com:6443",
        pattern,
        cilium if dialect == "cilium" else calico,
        dialect,
        nothing,
        nothing,
        nothing,
        where,
        stage,
        tuple(sorted(stages.items())),
    )


def namespace(name: str, team: str, *environments: str) -> Namespace:
    return Namespace(name, team, (), frozenset(environments), Location(f"teams/{team}/{name}/namespace.yaml", 1, 1))


def workload(
    place: Namespace, name: str, labels: dict[str, str], environments: Iterable[str] = (), **named: str
) -> Workload:
    return Workload(
        place.name,
        name,
        place.team,
        tuple(sorted(labels.items())),
        tuple(Port(key, ports(value)) for key, value in sorted(named.items())),
        "",
        frozenset(environments) or place.environments,
        (),
        place.where,
    )


def pods(name: str, place: str, **labels: str) -> Peer:
    pairs = tuple(sorted(labels.items()))
    return Peer(
        name,
        f"{name} of the cluster",
        "platform",
        (),
        Location("policies/catalog/cluster.yaml", 3, 3),
        namespace=place,
        labels=pairs,
    )


def addresses(name: str, cidrs: Iterable[str], excepts: Iterable[str] = ()) -> Peer:
    cidrs, excepts = tuple(cidrs), tuple(excepts)
    where = Location("policies/catalog/outside.yaml", 3, 3)
    return Peer(
        name,
        f"{name} outside",
        "platform",
        (),
        where,
        AddressSet.of(cidrs, excepts),
        cidrs,
        excepts,
        world=True,
    )


def named(name: str, names: Iterable[str], cidrs: Iterable[str] = ()) -> Peer:
    return replace(addresses(name, cidrs), names=tuple(sorted(names)))


def flow(
    place: Namespace,
    name: str,
    sources: Iterable[End],
    destinations: Iterable[End],
    on: tuple[PortRange, ...],
    environments: Iterable[str],
    reason: str = "Because",
    expires: datetime.date | None = None,
    ticket: str = "",
) -> Flow:
    where = Location(f"teams/{place.team}/{place.name}/flows.yaml", 5, 5)
    destinations = tuple(destinations)
    legs = tuple(Leg(source, destination, on) for source in sources for destination in destinations)
    text = tuple(map(str, on))
    return Flow(place.name, name, place.team, legs, text, frozenset(environments), reason, expires, ticket, where)


def grant(
    name: str,
    peer: Peer,
    environments: Iterable[str],
    *,
    to_peer: bool = False,
    ranges: tuple[PortRange, ...] = (),
    names: tuple[str, ...] = (),
    reason: str = "Because",
) -> Grant:
    where = Location("policies/baseline/platform.yaml", 4, 5)
    return Grant(name, peer, to_peer, ranges, names, frozenset(environments), reason, where)


def model(
    clusters: Iterable[Cluster],
    namespaces: Iterable[Namespace],
    workloads: Iterable[Workload],
    flows: Iterable[Flow] = (),
    grants: Iterable[Grant] = (),
    peers: Iterable[Peer] = (),
) -> Model:
    places = {item.name: item for item in sorted(namespaces, key=lambda item: item.name)}
    teams = {
        name: Team(name, "", "", (), (), Location(f"teams/{name}/team.yaml", 1, 1))
        for name in sorted({item.team for item in places.values()})
    }
    return Model(
        SETTINGS,
        {item.name: item for item in sorted(clusters, key=lambda item: item.name)},
        {item.name: item for item in sorted(peers, key=lambda item: item.name)},
        teams,
        places,
        {item.id: item for item in sorted(workloads, key=lambda item: item.id)},
        tuple(flows),
        tuple(grants),
        (),
        (),
    )


ENVIRONMENTS = ("dev", "prod", "staging")


def small() -> Model:
    """Two clusters that keep names (and a second one for prod), one that renames; every feature of a bundle once."""
    shop = namespace("shop", "checkout", *ENVIRONMENTS)
    payments = namespace("payments", "payments", *ENVIRONMENTS)
    vault = namespace("vault", "payments", "prod")
    nowhere = namespace("nowhere", "checkout", "test")
    frontend = workload(shop, "frontend", {"app": "frontend"}, metrics="9090")
    checkout = workload(shop, "checkout", {"app": "checkoutservice", "version": "1.20", "canary": "y"}, grpc="5050")
    batch = workload(shop, "batch", {"app": "batch"}, ["prod"], metrics="9100")
    api = workload(payments, "api", {"app.kubernetes.io/name": "api"}, https="8443", metrics="9090")
    keys = workload(vault, "keys", {"app": "keys"}, tls="8200")
    dns = pods("kube-dns", "kube-system", **{"k8s-app": "kube-dns"})
    prometheus = pods("prometheus", "monitoring")
    internet = addresses(
        "internet", ["0.0.0.0/0", "::/0"], ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]
    )
    everywhere = ENVIRONMENTS
    flows = [
        flow(shop, "serve", [internet], [frontend], ports("8080"), everywhere, "Customers open the shop"),
        flow(
            shop,
            "place-order",
            [frontend],
            [checkout],
            ports("5050"),
            everywhere,
            "Orders: {{ 7*7 }} a minute # “fast”",
        ),
        flow(
            shop,
            "authorise-card",
            [checkout],
            [api],
            ports("8443"),
            ["prod", "staging"],
            "Card authorisation when an order is placed",
            datetime.date(2027, 3, 31),
            "SEC-1234",
        ),
        flow(shop, "try-card", [checkout], [api], ports("8443"), ["prod"], "The same rule, for a second reason"),
        flow(shop, "nightly", [batch], [api, checkout], ports("8443", "30000-30100/UDP"), everywhere, "Night runs"),
        flow(payments, "seal", [api], [keys], ports("8200"), everywhere, "Keys of the vault"),
        flow(payments, "settle", [api], [internet], ports("443"), ["prod"], "Settlement with the bank"),
    ]
    grants = [
        grant("dns", dns, everywhere, to_peer=True, ranges=ports("53/UDP", "53/TCP"), reason="Names resolve"),
        grant("scrape", prometheus, everywhere, names=("metrics",), reason="Metrics are read"),
        grant("probe", prometheus, ["prod"], ranges=ports("9115"), reason="Black-box probes"),
    ]
    clusters = [
        cluster("dev"),
        cluster("prod-eu", "prod"),
        cluster("prod-us", "prod"),
        cluster("shared-staging", "staging", "{namespace}-{environment}"),
    ]
    return model(
        clusters,
        [shop, payments, vault, nowhere],
        [frontend, checkout, batch, api, keys],
        flows,
        grants,
        [dns, prometheus, internet],
    )


def other_dialects() -> Model:
    """The small repository on a Calico and on a Cilium cluster, with a peer that has names and a long list of ports."""
    before = small()
    shop = before.namespaces["shop"]
    batch = before.workloads["shop/batch"]
    mail = named("mail", ["smtp.example.com", "*.mail.example.net"], ["203.0.113.0/24"])
    anywhere = addresses("anywhere", ["0.0.0.0/0", "::/0"])
    many = tuple(PortRange("TCP", 20000 + 10 * item, 20000 + 10 * item) for item in range(45))
    flows = [
        flow(shop, "send", [batch], [mail], ports("587", "465"), ["prod"], "Receipts are sent"),
        flow(shop, "fetch", [batch], [anywhere], many, ["prod"], "Data comes from many ports"),
    ]
    return replace(
        before,
        clusters={
            "on-calico": cluster("on-calico", "prod", dialect="calico"),
            "on-cilium": cluster("on-cilium", "prod", "{namespace}-{environment}", dialect="cilium"),
        },
        flows=(*before.flows, *flows),
        peers={**before.peers, "mail": mail, "anywhere": anywhere},
    )


PRINTABLE = st.characters(exclude_categories=("C", "Z"), include_characters=" ")
"""What `str.isprintable` says yes to."""

_CIDRS = ("0.0.0.0/0", "::/0", "10.0.0.0/8", "10.1.0.0/16", "203.0.113.0/24", "2001:db8::/32", "2001:db8:1::/48")
_LABELS = st.dictionaries(
    st.sampled_from(("app", "tier", "y", "1.0")), st.sampled_from(("a", "y", "1", "")), min_size=1
)
_PORTS = st.lists(
    st.sampled_from(ports("80", "443", "53/UDP", "53", "9000-9010", "9000-9010/UDP", "5000/SCTP")),
    min_size=1,
    max_size=3,
    unique=True,
).map(tuple)


@st.composite
def models(draw: st.DrawFn) -> Model:
    """Small valid models: up to three clusters, namespaces in some environments, workloads, peers, flows and grants."""
    patterns = st.sampled_from(("{namespace}", "{namespace}", "{namespace}-{environment}"))
    clusters = [
        cluster(f"c{index}", draw(st.sampled_from(ENVIRONMENTS)), draw(patterns))
        for index in range(draw(st.integers(1, 3)))
    ]
    some = st.lists(st.sampled_from(ENVIRONMENTS), min_size=1, unique=True)
    namespaces = [
        namespace(f"n{index}", draw(st.sampled_from(("red", "blue"))), *draw(some))
        for index in range(draw(st.integers(1, 3)))
    ]
    workloads = []
    for place in namespaces:
        for index in range(draw(st.integers(0, 3))):
            where = draw(st.lists(st.sampled_from(sorted(place.environments)), unique=True))
            named = {"metrics": "9090"} if draw(st.booleans()) else {}
            workloads.append(workload(place, f"w{index}", draw(_LABELS), where, **named))
    cidrs = st.lists(st.sampled_from(_CIDRS), unique=True)
    peers = [
        pods("dns", "kube-system", app="dns"),
        pods("all-of-it", "monitoring"),
        addresses("outside", draw(cidrs), draw(cidrs)),
    ]
    ends = [*workloads, *peers]
    flows = []
    if workloads:
        for index in range(draw(st.integers(0, 5))):
            mine = draw(st.sampled_from(workloads))
            others = draw(st.lists(st.sampled_from(ends), min_size=1, max_size=2, unique_by=lambda end: end.id))
            sources, destinations = ([mine], others) if draw(st.booleans()) else (others, [mine])
            place = next(item for item in namespaces if item.name == mine.namespace)
            flows.append(flow(place, f"f{index}", sources, destinations, draw(_PORTS), draw(some)))
    grants = [
        grant("dns", peers[0], draw(some), to_peer=True, ranges=draw(_PORTS)),
        grant("scrape", draw(st.sampled_from(peers)), draw(some), names=("metrics",)),
        grant("probe", draw(st.sampled_from(peers)), draw(some), ranges=draw(_PORTS)),
    ]
    return model(clusters, namespaces, workloads, flows, grants, peers)
