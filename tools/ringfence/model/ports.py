"""Ports as written in documents, made into ranges in canonical order."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable

from ringfence.findings import Finding
from ringfence.model.node import Node
from ringfence.model.problems import flows as problems
from ringfence.model.types import Port
from ringfence.values.nearest import nearest
from ringfence.values.ports import FIRST, LAST, PROTOCOLS, PortRange, PortSet

Report = Callable[[Finding], None]

_NUMERIC = re.compile(r"([0-9]+)(?:-([0-9]+))?(?:/([A-Za-z]+))?")


def canonical(ranges: Iterable[PortRange]) -> tuple[PortRange, ...]:
    """The ranges by protocol (TCP, UDP, SCTP) and port; those that overlap are joined, neighbours are not."""
    result: list[PortRange] = []
    ranges = list(ranges)
    if len(ranges) == 1:
        return (ranges[0],)
    for item in sorted(ranges, key=lambda item: (PROTOCOLS.index(item.protocol), item.first, item.last)):
        last = result[-1] if result else None
        if last and last.protocol == item.protocol and item.first <= last.last:
            result[-1] = PortRange(last.protocol, last.first, max(last.last, item.last))
        else:
            result.append(item)
    return tuple(result)


def is_numeric(value: object) -> bool:
    """Whether a value is written as a number or range and not as a name."""
    return isinstance(value, int) or (isinstance(value, str) and _NUMERIC.fullmatch(value) is not None)


def numeric(node: Node, report: Report) -> PortRange | None:
    """The range that `8443`, `53/UDP` or `30000-30100/TCP` stands for. An impossible one is reported."""
    value = node.value
    if isinstance(value, bool) or not is_numeric(value):
        return None
    match = _NUMERIC.fullmatch(str(value))
    why = hint = ""
    if match is None:
        why, hint = "is not a port", "write a number of 1-65535"
    else:
        # the digits are cut, since Python refuses to read very long numbers
        low = int(match[1][:9])
        high = int((match[2] or match[1])[:9])
        protocol = match[3] or "TCP"
        if protocol not in PROTOCOLS:
            near = nearest(protocol, PROTOCOLS)
            why, hint = (
                f"has the protocol {protocol}, which no policy can name",
                f"use {near or 'TCP, UDP or SCTP'}",
            )
        elif not (FIRST <= low <= LAST and FIRST <= high <= LAST):
            why, hint = "lies outside of 1-65535", "write a port of 1-65535"
        elif low > high:
            why, hint = "runs backwards, so it holds no port", f"did you mean `{high}-{low}/{protocol}`?"
        else:
            return PortRange(protocol, low, high)
    report(problems.BAD_PORT.at(node.where, f"port `{shorten(value)}` {why}", hint=hint))
    return None


def declared(node: Node, report: Report) -> tuple[Port, ...]:
    """The named ports of a workload or peer, by name."""
    value = node.value
    if isinstance(value, dict) and all(
        type(name) is str and type(item) is int and FIRST <= item <= LAST for name, item in value.items()
    ):
        return single(tuple(value.items()))
    result = []
    for name, value in node.items():
        ranges: list[PortRange] = []
        for item in value.one_or_list():
            found = numeric(item, report)
            if found is None:
                continue
            if ranges and PortSet.of([found]) & PortSet.of(ranges):
                report(
                    problems.REPEATED_VALUE.at(
                        item.where, f"port `{found}` is already part of `{name}`", hint="name it once"
                    )
                )
            ranges.append(found)
        if ranges:
            result.append(Port(name, canonical(ranges)))
    return tuple(sorted(result, key=lambda port: port.name))


@functools.lru_cache(4096)
def single(ports: tuple[tuple[str, int], ...]) -> tuple[Port, ...]:
    """Named single ports of TCP: thousands of workloads have the same ones."""
    return tuple(sorted((Port(name, (PortRange("TCP", at, at),)) for name, at in ports), key=lambda port: port.name))


def shorten(value: object) -> str:
    """A value as messages may print it: one line of at most 80 characters."""
    text = str(value) if not isinstance(value, int) or abs(value) < 10**80 else "a number of more than 80 digits"
    text = "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text[:81])
    return text if len(text) <= 80 else text[:79] + "…"
