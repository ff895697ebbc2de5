"""Address blocks as written: canonical, inside one another where they must be, disjoint where they must be."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from ringfence.model.node import Node
from ringfence.model.ports import Report, shorten
from ringfence.model.problems import addresses as problems
from ringfence.values.addresses import AddressSet, Network, network

Block = tuple[Node, Network]

_MAPPED = ipaddress.ip_network("::ffff:0:0/96")


def read(node: Node, report: Report) -> list[Block]:
    """The blocks of a list that are canonical CIDRs, in file order; the others are reported."""
    return [(item, net) for item in node.texts() if (net := _one(item, report)) is not None]


def address_set(blocks: Sequence[Block], excepts: Sequence[Block] = ()) -> AddressSet:
    """The addresses of the blocks without those of the exceptions."""
    return AddressSet.of((str(net) for _, net in blocks), (str(net) for _, net in excepts))


def canonical(blocks: Sequence[Block]) -> tuple[str, ...]:
    """The texts of the blocks: IPv4 before IPv6, by address, the larger block first."""
    nets = {net for _, net in blocks}
    ordered = sorted(nets, key=lambda net: (net.version, int(net.network_address), net.prefixlen))
    return tuple(map(str, ordered))


def disjoint(blocks: Sequence[Block], report: Report) -> None:
    """Report each block that shares addresses with an earlier one."""
    for index, (node, net) in enumerate(blocks):
        for earlier, other in blocks[:index]:
            if net.version == other.version and net.overlaps(other):
                relation = "is the same as" if net == other else "overlaps"
                report(
                    problems.CIDR_OVERLAP.at(
                        node.where,
                        f"`{net}` {relation} `{other}`; deleting one of the two would not close it",
                        hint=f"leave out `{net if net.prefixlen >= other.prefixlen else other}`",
                        related=[(earlier.where, "the other block")],
                    )
                )
                break


def inside(excepts: Sequence[Block], blocks: Sequence[Block], report: Report) -> None:
    """Report each exception that is not smaller than, and inside of, one block."""
    for node, net in excepts:
        same = [other for _, other in blocks if other.version == net.version]
        if any(net != other and net.subnet_of(other) for other in same):  # type: ignore[arg-type]  # one family
            continue
        if any(net == other for other in same):
            why, hint = "takes out the whole block", "leave out the block and the exception"
        else:
            texts = ", ".join(f"`{other}`" for _, other in blocks)
            why, hint = (
                f"lies in none of {texts}, so it takes nothing out",
                "put it inside one of the blocks, or leave it out",
            )
        report(
            problems.EXCEPT_OUTSIDE.at(node.where, f"the exception `{net}` {why}; the API server refuses it", hint=hint)
        )


def _one(node: Node, report: Report) -> Network | None:
    text = node.text()
    refused = "which the API server refuses"
    try:
        net = network(text)
    except ValueError:
        try:
            loose = ipaddress.ip_network(text, strict=False)
        except ValueError:
            message, hint = "is not a CIDR", "write one such as `203.0.113.0/24` or `2001:db8::/32`"
        else:
            what = "has bits behind its prefix" if "/" in text else "has no prefix length"
            message, hint = f"{what}, {refused}", f"write `{loose}`"
    else:
        if net.version == 6 and net.subnet_of(_MAPPED):  # type: ignore[arg-type]  # both are IPv6
            message, hint = f"is an IPv4 block written as IPv6, {refused}", "write it as IPv4"
        elif str(net) != text:
            message, hint = f"is not in canonical form, {refused}", f"write `{net}`"
        else:
            return net
    report(problems.BAD_CIDR.at(node.where, f"`{shorten(text)}` {message}", hint=hint))
    return None
