"""The syntax of Kubernetes names, labels and CIDRs, as the API server checks it (k8s.io/apimachinery validation)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ringfence.values.addresses import network

_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?")
_PORT_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_PREFIX = re.compile(r"0|[1-9][0-9]{0,2}")


@lru_cache(maxsize=1 << 16)
def subdomain(text: str) -> str:
    """Why a text is no RFC 1123 subdomain (the name of most objects), or empty."""
    if len(text) > 253:
        return f"has {len(text)} characters, more than 253"
    if not _SUBDOMAIN.fullmatch(text):
        return "is no DNS name: lower-case letters, digits, `-` and `.`, with a letter or digit at both ends"
    return ""


@lru_cache(maxsize=1 << 16)
def dns_label(text: str) -> str:
    """Why a text is no RFC 1123 label (the name of a namespace), or empty."""
    if len(text) > 63:
        return f"has {len(text)} characters, more than 63"
    if not _LABEL.fullmatch(text):
        return "is no DNS label: lower-case letters, digits and `-`, with a letter or digit at both ends"
    return ""


@lru_cache(maxsize=1 << 16)
def label_key(text: str) -> str:
    """Why a text is no label key (`name` or `prefix/name`), or empty."""
    prefix, slash, name = text.rpartition("/")
    if slash and (not prefix or subdomain(prefix)):
        return f"has a prefix {prefix!r} that is no DNS name"
    if len(name) > 63:
        return f"has a name part of {len(name)} characters, more than 63"
    if not _QUALIFIED.fullmatch(name):
        return (
            "has a name part that is not made of letters, digits, `-`, `_` and `.` with a letter or digit at both ends"
        )
    return ""


@lru_cache(maxsize=1 << 16)
def label_value(text: str) -> str:
    """Why a text is no label value, or empty."""
    if len(text) > 63:
        return f"has {len(text)} characters, more than 63"
    if text and not _QUALIFIED.fullmatch(text):
        return "is not made of letters, digits, `-`, `_` and `.` with a letter or digit at both ends"
    return ""


def are_labels(pairs: Iterable[tuple[Any, Any]]) -> bool:
    """Whether all keys and values are well-formed labels."""
    try:
        return all(map(_is_label, pairs))
    except TypeError:  # a list or a mapping for a value has no hash
        return False


@lru_cache(maxsize=1 << 16)
def _is_label(pair: tuple[object, object]) -> bool:
    key, value = pair
    return type(key) is str and type(value) is str and not label_key(key) and not label_value(value)


@lru_cache(maxsize=1 << 16)
def port_name(text: str) -> str:
    """Why a text is no port name (IANA service name), or empty."""
    if len(text) > 15:
        return f"has {len(text)} characters, more than 15"
    if not any(char.isalpha() for char in text):
        return "has no letter, so it is no name; write a number without quotes"
    if not _PORT_NAME.fullmatch(text):
        return "is no port name: lower-case letters and digits, single `-` between them"
    return ""


@lru_cache(maxsize=1 << 16)
def cidr(text: str) -> str:
    """Why Kubernetes 1.36 refuses a text as a CIDR, or empty."""
    address, slash, prefix = text.partition("/")
    if slash and not _PREFIX.fullmatch(prefix):
        return f"{text!r} is not a CIDR: {prefix!r} is no prefix length"
    if "%" in text:
        return f"{text!r} is not a CIDR: a zone has no place in it"
    try:
        net = network(text)
    except ValueError as error:
        return str(error)
    if address.lower().startswith("::ffff:") and "." in address and net.version == 6:
        return f"{text!r} is an IPv4 address in IPv6 form; write the IPv4 CIDR"
    return ""
