"""Options that say which connections a question is about."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

from ringfence.errors import UsageError
from ringfence.values.ports import ALL_PORTS, FIRST, LAST, PROTOCOLS, PortRange, PortSet

if TYPE_CHECKING:
    from ringfence.connectivity.choice import Choice

_PORT = re.compile(r"(?P<first>[0-9]{1,5})(?:-(?P<last>[0-9]{1,5}))?(?:/(?P<protocol>[A-Za-z]+))?")


def add_focus(parser: argparse.ArgumentParser) -> None:
    """The options for one end and one direction."""
    parser.add_argument(
        "--focus", metavar="END", action="append", default=[], help="only what has this end; may be given again"
    )
    parser.add_argument(
        "--direction", choices=("ingress", "egress"), help="only into (ingress) or out of (egress) the end in focus"
    )


def choice(args: argparse.Namespace) -> Choice:
    """What the options of a command ask for; those that it does not have ask for nothing."""
    from ringfence.connectivity.choice import Choice

    given = vars(args)
    if given.get("direction") and not args.focus:
        raise UsageError("--direction is the direction of an end in focus", "name it: --focus END")
    if given.get("peer") and not args.focus:
        raise UsageError("--peer is the other end of one in focus", "name it: --focus END, or use --from and --to")
    return Choice(
        given.get("source"),
        given.get("destination"),
        tuple(args.focus),
        tuple(given.get("peer") or ()),
        args.direction,
        given.get("port") or ALL_PORTS,
    )


def ports(text: str) -> PortSet:
    """The ports of an option's text, such as `8443`, `53/UDP`, `8000-8080/TCP` (`argparse` type)."""
    found = _PORT.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; write one such as 8443, 53/UDP or 8000-8080/TCP")
    first, last = int(found["first"]), int(found["last"] or found["first"])
    protocol = (found["protocol"] or "").upper()
    if protocol and protocol not in PROTOCOLS:
        raise argparse.ArgumentTypeError(f"protocol {found['protocol']} is not one of TCP, UDP, SCTP")
    if not FIRST <= first <= last <= LAST:
        raise argparse.ArgumentTypeError(f"{text!r} is no port from 1 to 65535, nor a range of them")
    return PortSet.of(PortRange(name, first, last) for name in ([protocol] if protocol else PROTOCOLS))
