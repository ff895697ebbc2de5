"""Forms of texts in Cilium's policies: ports, CIDRs, DNS names. Each tells a value or why there is none.

The API server and the agent read some of them differently, so there are two functions then. Source: the patterns of
the CRDs (1.19), Go's `net.ParseCIDR` for the server, `netip.ParsePrefix` and `strconv.ParseUint` for the agent.
"""

from __future__ import annotations

import ipaddress
import re

from ringfence.manifests import names
from ringfence.values.addresses import Network

_NAME = re.compile(r"[-a-zA-Z0-9_]+(\.[-a-zA-Z0-9_]+)*\.?")
_PATTERN = re.compile(r"[-a-zA-Z0-9_*]+(\.[-a-zA-Z0-9_*]+)*\.?")
_SERVER_NAME = re.compile(r"(\*?\*\.)?[-a-zA-Z0-9_]+(\.[-a-zA-Z0-9_]+)*\.?")
_SERVICE = re.compile(r"[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*")
_DIGITS = re.compile(r"[0-9]+(_[0-9]+)*")
_NO_TAIL = re.compile(r"[^a-zA-Z0-9-]|--")
_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_ICMP = frozenset(
    {
        "DestinationUnreachable",
        "DuplicateAddressConfirmationCodeSuffix",
        "DuplicateAddressRequestCodeSuffix",
        "Echo",
        "EchoReply",
        "EchoRequest",
        "ExtendedEchoReply",
        "ExtendedEchoRequest",
        "HomeAgentAddressDiscoveryReply",
        "HomeAgentAddressDiscoveryRequest",
        "ICMPNodeInformationQuery",
        "ICMPNodeInformationResponse",
        "InverseNeighborDiscoveryAdvertisement",
        "InverseNeighborDiscoverySolicitation",
        "MobilePrefixAdvertisement",
        "MobilePrefixSolicitation",
        "MulticastListenerDone",
        "MulticastListenerQuery",
        "MulticastListenerReport",
        "NeighborAdvertisement",
        "NeighborSolicitation",
        "PacketTooBig",
        "ParameterProblem",
        "Photuris",
        "Redirect",
        "RedirectMessage",
        "RouterAdvertisement",
        "RouterRenumbering",
        "RouterSelection",
        "RouterSolicitation",
        "TimeExceeded",
        "Timestamp",
        "TimestampReply",
    }
)


def port(text: str) -> str:
    """Why the server refuses a port, or empty. Its pattern has no anchors where one expects them."""
    if text[:1] in tuple("0123456789"):
        return ""
    tail = _NO_TAIL.split(text)[-1]
    if not tail.endswith("-") and any(letter.isalpha() for letter in tail):
        return ""
    return f"{text[:80]!r} is neither a port number nor a name"


def port_value(text: str) -> int | str | None:
    """The number of a port, its name in lower case, or None where the agent cannot read it."""
    if len(text) <= 15 and _SERVICE.fullmatch(text) and any(letter.isalpha() for letter in text):
        return text.lower()
    if len(text) > 64 or not _DIGITS.fullmatch(text):
        return None
    digits = text.replace("_", "")
    if len(digits) > 1 and digits.startswith("0"):
        if any(digit in "89" for digit in digits):
            return None
        number = int(digits, 8)
    else:
        number = int(digits)
    return number if number <= 65535 else None


def prefix(text: str) -> Network | None:
    """The network of a CIDR as the agent reads it, host bits dropped, or None."""
    address, slash, bits = text.partition("/")
    if not slash or not re.fullmatch(r"0|[1-9][0-9]{0,2}", bits) or "%" in address:
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def cidr(text: str) -> str:
    """Why the server refuses a CIDR, or empty; it takes host bits and leading zeros."""
    address, slash, bits = text.partition("/")
    if not slash:
        return f"{text[:80]!r} has no prefix length; write one, such as {text[:80]}/32"
    if bits.isascii() and bits.isdigit() and ":" not in address:
        address, bits = _ZEROS.sub("", address), bits.lstrip("0") or "0"
    return "" if prefix(f"{address}/{bits}") else f"{text[:80]!r} is not a CIDR"


def dns_name(text: str) -> str:
    """Why a text is no `matchName`, or empty."""
    return "" if _NAME.fullmatch(text) else f"{text[:80]!r} is no DNS name: letters, digits, `-`, `_` and single dots"


def dns_pattern(text: str) -> str:
    """Why a text is no `matchPattern`, or empty."""
    if _PATTERN.fullmatch(text):
        return ""
    return f"{text[:80]!r} is no DNS pattern: letters, digits, `-`, `_`, `*` and single dots"


def server_name(text: str) -> str:
    """Why a text is no TLS server name, or empty."""
    return "" if _SERVER_NAME.fullmatch(text) else f"{text[:80]!r} is no TLS server name"


def group_name(text: str) -> str:
    """Why a text is no name of a CIDRGroup, or empty."""
    why = names.subdomain(text)
    return f"the name {text[:80]!r} {why}" if why else ""


def label_value(text: str) -> str:
    """Why a text is no label value, or empty."""
    why = names.label_value(text)
    return f"label value {text[:80]!r} {why}" if why else ""


def icmp_type(text: str) -> str:
    """Why a text is no type of ICMP, or empty."""
    if text in _ICMP or (re.fullmatch(r"0|[1-9][0-9]{0,2}", text) and int(text) <= 255):
        return ""
    return f"{text[:80]!r} is no type of ICMP"


def filled(text: str) -> str:
    """Why a text is empty, or empty."""
    return "" if text else "an empty text stands where a name belongs"
