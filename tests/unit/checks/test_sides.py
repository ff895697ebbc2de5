import pytest

from ringfence.checks.sides import Ends, SideEnd, forbidden, matches, missing
from ringfence.findings import Location
from ringfence.model.types import Guardrail, Model, Side
from ringfence.values.ports import ALL_PORTS, NO_PORTS, PortRange, PortSet
from small_repository import HEADER, load

CHECKOUT = SideEnd("prod", "checkout", "shop", "shop/checkout")
OTHER_POD = SideEnd("prod", "checkout", "shop")
DNS = SideEnd("prod", peers=frozenset({"kube-dns"}))
WORLD = SideEnd(peers=frozenset({"internet"}), world=True)


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (Side(), [True, True, True, True]),
        (Side(environments=("prod", "dev")), [True, True, True, False]),
        (Side(environments=("dev",)), [False, False, False, False]),
        (Side(teams=("checkout",)), [True, True, False, False]),
        (Side(namespaces=("shop",)), [True, True, False, False]),
        (Side(workloads=("shop/checkout",)), [True, False, False, False]),
        (Side(workloads=("shop/frontend", "shop/checkout")), [True, False, False, False]),
        (Side(peers=("kube-dns", "internet")), [False, False, True, True]),
        (Side(world=True), [False, False, False, True]),
        (Side(environments=("prod",), namespaces=("payments",)), [False, False, False, False]),
        (Side(environments=("prod",), teams=("checkout",), namespaces=("shop",)), [True, True, False, False]),
        (Side(excepts=("shop/checkout",)), [False, True, True, True]),
        (Side(excepts=("shop/*",)), [False, False, True, True]),
        (Side(excepts=("sho/*", "shop", "checkout")), [True, True, True, True]),
        (Side(excepts=("kube-dns",)), [True, True, False, True]),
        (Side(namespaces=("shop",), excepts=("shop/checkout",)), [False, True, False, False]),
        (Side(world=True, excepts=("internet",)), [False, False, False, False]),
    ],
)
def test_which_ends_a_side_speaks_of(side: Side, expected: list[bool]) -> None:
    assert [matches(side, end) for end in (CHECKOUT, OTHER_POD, DNS, WORLD)] == expected


def _guardrail(*ports: PortRange) -> Guardrail:
    return Guardrail("g", False, Side(), Side(), ports, "R", Location("x"))


HTTPS, DNS_PORT = PortRange("TCP", 443, 443), PortRange("UDP", 53, 53)


def test_forbidden_ports() -> None:
    assert forbidden(_guardrail(), PortSet.of([HTTPS])) == PortSet.of([HTTPS])
    assert forbidden(_guardrail(HTTPS), PortSet.of([HTTPS, DNS_PORT])) == PortSet.of([HTTPS])
    assert forbidden(_guardrail(HTTPS), PortSet.of([DNS_PORT])) == NO_PORTS


def test_missing_ports() -> None:
    assert missing(_guardrail(), PortSet.of([HTTPS])) == NO_PORTS
    assert missing(_guardrail(), NO_PORTS) == ALL_PORTS
    assert missing(_guardrail(HTTPS, DNS_PORT), PortSet.of([HTTPS])) == PortSet.of([DNS_PORT])


def _model(**files: str) -> Model:
    model, findings = load({path.replace("_", "/") + ".yaml": text for path, text in files.items()})
    assert model is not None
    assert findings == []
    return model


def _peer(cidr: str) -> str:
    return HEADER.format("Catalog") + f"peers:\n  block: {{description: D, owner: o, cidrs: [{cidr}], world: false}}\n"


def test_what_the_ends_of_flows_are() -> None:
    model = _model()
    ends = Ends(model)
    prod = model.clusters["prod"]
    assert ends.of(model.workloads["shop/checkout"], prod) == (CHECKOUT,)
    assert ends.of(model.peers["kube-dns"], prod) == (DNS,)
    (world,) = ends.of(model.peers["internet"], prod)
    assert (world.environment, world.world, world.peers) == ("", True, frozenset({"internet"}))
    assert world.addresses == model.peers["internet"].addresses
    assert ends.pods(prod) == [
        SideEnd("prod", "payments", "payments", "payments/api"),
        CHECKOUT,
        SideEnd("prod", "checkout", "shop", "shop/frontend"),
        SideEnd("prod", "payments", "payments"),
        OTHER_POD,
    ]


@pytest.mark.parametrize("cidr", ["10.8.1.0/24", "10.12.1.0/24"])
def test_a_block_of_pods_or_services_can_be_any_pod_of_that_environment(cidr: str) -> None:
    model = _model(policies_catalog_x=_peer(cidr))
    found = Ends(model).of(model.peers["block"], model.clusters["dev"])
    assert {end.environment for end in found} == {"", "prod"}
    assert {end.workload for end in found} == {"", "payments/api", "shop/checkout", "shop/frontend"}
    assert all(end.peers == {"block"} for end in found)
    assert {text for end in found for text in end.addresses.cidrs()} == {cidr}


def test_a_block_of_a_node_network_is_no_pod() -> None:
    model = _model(policies_catalog_x=_peer("10.200.1.0/24"))
    found = Ends(model).of(model.peers["block"], model.clusters["dev"])
    assert [(end.environment, end.workload, end.team) for end in found] == [("", "", ""), ("prod", "", "")]


def test_a_block_elsewhere_is_only_itself() -> None:
    model = _model(policies_catalog_x=_peer("172.16.0.0/12"))
    assert [end.environment for end in Ends(model).of(model.peers["block"], model.clusters["dev"])] == [""]


def test_the_world_is_always_met() -> None:
    model, findings = load({"policies/catalog/platform.yaml": None, "policies/baseline/platform.yaml": None})
    assert model is not None
    assert findings
    assert Ends(model).meets(Side(world=True))
