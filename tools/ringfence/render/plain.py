"""The plain form: policies and patches as the text that needs no reading again.

The packaged templates write this form, letter for letter, so that it stands in for them: a template is compiled and run
where it is a repository's own. What that wrote is first held against this form, since reading every rendered file would
cost ten times as much as writing it: equal text has equal meaning. Only what differs, such as another layout, is read
again. Tests hold the form against the packaged templates and against the strict reader. Knows no template.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from ringfence.compile import kubernetes
from ringfence.compile.bundle import BlockPeer, Bundle, NamesPeer, Policy, Rule, RulePeer
from ringfence.model.types import METADATA_NAME, Labels
from ringfence.render.quoting import Yaml, block, comment, text
from ringfence.values.ports import PortRange

# nothing that a reader of YAML refuses, or takes for the end of a line
_LINE = "#[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]*"
_COMMENTS = f"{_LINE}(?:\n{_LINE})*"

Why = Callable[[Rule], Yaml]
"""The comment lines above a rule."""


class Plain:
    """Writes the plain form; the parts that rules share are written once."""

    def __init__(self, why: Why) -> None:
        """Take the comments to put above rules; one that is anything but a comment is left out, so that it shows."""
        self._why = why
        self._parts: dict[tuple[int, int], tuple[str, object]] = {}

    def policy(self, bundle: Bundle, policy: Policy) -> str:
        """One policy of a bundle as a NetworkPolicy."""
        labels = "".join(f"    {text(key)}: {text(value)}\n" for key, value in kubernetes.object_labels(bundle))
        return (
            f"apiVersion: {kubernetes.GROUP}/{kubernetes.VERSION}\n"
            f"kind: {kubernetes.KIND}\n"
            "metadata:\n"
            f"  name: {text(kubernetes.object_name(policy))}\n"
            f"  namespace: {text(bundle.namespace_name)}\n"
            f"  labels:\n{labels}"
            f"spec:\n{_selector(policy.selector, '  ')}"
            "  policyTypes:\n    - Ingress\n    - Egress\n"
            f"{self._direction('ingress', policy.ingress)}{self._direction('egress', policy.egress)}"
        )

    def patch(self, policy: Policy) -> str:
        """The JSON patch that appends a policy's rules."""
        return "".join(
            f"{self._comment(rule, 0)}- op: add\n  path: /spec/{direction}/-\n  value:\n"
            f"    {kubernetes.PEERS_KEY[direction]}:\n{self._peers(rule, 6)}    ports:\n{self._ports(rule, 6)}"
            for direction, rules in (("ingress", policy.ingress), ("egress", policy.egress))
            for rule in rules
        )

    def _direction(self, direction: str, rules: tuple[Rule, ...]) -> str:
        if not rules:
            return f"  {direction}: []\n"
        key = kubernetes.PEERS_KEY[direction]
        parts = [
            f"{self._comment(rule, 4)}    - {key}:\n{self._peers(rule, 8)}      ports:\n{self._ports(rule, 8)}"
            for rule in rules
        ]
        return f"  {direction}:\n{''.join(parts)}"

    def _comment(self, rule: Rule, indent: int) -> str:
        why = self._why(rule)
        return f"{' ' * indent}{block(why, indent)}\n" if only_comments(why) else ""

    def _peers(self, rule: Rule, indent: int) -> str:
        # keyed by identity, much cheaper than by value; the part itself is kept, so that no identity is given out again
        key = (id(rule.peers), indent)
        if key not in self._parts:
            written = "".join(_peer(peer, " " * indent) for peer in rule.peers)
            self._parts[key] = (written, rule.peers)
        return self._parts[key][0]

    def _ports(self, rule: Rule, indent: int) -> str:
        key = (id(rule.ports), indent)
        if key not in self._parts:
            written = "".join(_port(item, " " * indent) for item in rule.ports)
            self._parts[key] = (written, rule.ports)
        return self._parts[key][0]


def comments(rule: Rule) -> Yaml:
    """The comment lines above a rule: what declares it, and who answers for it."""
    lines = []
    for origin in rule.origins:
        until = f"expires {origin.expires}" if origin.expires else "no expiry"
        ticket = f", ticket {origin.ticket}" if origin.ticket else ""
        lines.append(comment(f"{origin.kind} {origin.name}: {origin.reason}"))
        lines.append(comment(f"  {origin.file}, owner {origin.owner}, {until}{ticket}"))
    return Yaml("\n".join(lines))


def only_comments(text: str) -> bool:
    """Whether a text is comments, from the first line to the last."""
    if all(line.startswith("#") and line.isprintable() for line in text.split("\n")):
        return True  # what is printable has none of the characters below, which take long to compile
    return re.fullmatch(_COMMENTS, text) is not None


def _peer(peer: RulePeer, indent: str) -> str:
    if isinstance(peer, NamesPeer):
        raise TypeError("this dialect has no names")
    if isinstance(peer, BlockPeer):
        excepts = "".join(f"{indent}      - {text(item)}\n" for item in peer.excepts)
        head = f"{indent}    except:\n" if excepts else ""
        return f"{indent}- ipBlock:\n{indent}    cidr: {text(peer.cidr)}\n{head}{excepts}"
    return (
        f"{indent}- namespaceSelector:\n{indent}    matchLabels:\n"
        f"{indent}      {METADATA_NAME}: {text(peer.namespace)}\n"
        f"{_selector(peer.labels, f'{indent}  ')}"
    )


def _selector(labels: Labels, indent: str) -> str:
    if not labels:
        return f"{indent}podSelector: {{}}\n"
    pairs = "".join(f"{indent}    {text(key)}: {text(value)}\n" for key, value in labels)
    return f"{indent}podSelector:\n{indent}  matchLabels:\n{pairs}"


def _port(item: PortRange, indent: str) -> str:
    end = f"{indent}  endPort: {item.last}\n" if item.last != item.first else ""
    return f"{indent}- protocol: {item.protocol}\n{indent}  port: {item.first}\n{end}"
