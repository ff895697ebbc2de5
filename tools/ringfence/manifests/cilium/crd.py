"""What the CRDs of Cilium 1.19 declare of its policies and of CIDRGroups.

`spec` has one shape in both kinds of policy: what a kind cannot have is for the agent to say.
"""

from __future__ import annotations

from ringfence.manifests.cilium import forms
from ringfence.manifests.cilium.shape import Fields, Flag, Items, Number, NumberOrText, Shape, Text, Texts

OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
ENTITIES = (
    "all",
    "world",
    "cluster",
    "host",
    "init",
    "ingress",
    "unmanaged",
    "remote-node",
    "health",
    "none",
    "kube-apiserver",
)
SECTIONS = ("ingress", "ingressDeny", "egress", "egressDeny")

_TEXT = Text()
_CIDR = Text(form=forms.cidr)
_REQUIREMENT = Fields({"key": _TEXT, "operator": Text(OPERATORS), "values": Items(_TEXT)}, ("key", "operator"))
_SELECTOR = Fields({"matchLabels": Texts(Text(form=forms.label_value)), "matchExpressions": Items(_REQUIREMENT)})
_SELECTORS = Items(_SELECTOR)
_CIDR_RULE = Fields(
    {
        "cidr": _CIDR,
        "cidrGroupRef": Text(form=forms.group_name),
        "cidrGroupSelector": _SELECTOR,
        "except": Items(_CIDR),
    },
    one_of=("cidr", "cidrGroupRef", "cidrGroupSelector"),
)
_DNS = Fields(
    {
        "matchName": Text(longest=255, form=forms.dns_name),
        "matchPattern": Text(longest=255, form=forms.dns_pattern),
    },
    one_of=("matchName", "matchPattern"),
)
_SECRET = Fields({"name": _TEXT, "namespace": _TEXT}, ("name",))
_TLS = Fields({"certificate": _TEXT, "privateKey": _TEXT, "secret": _SECRET, "trustedCA": _TEXT}, ("secret",))
_NAME = Text(form=forms.filled)
_HEADER = Fields(
    {"mismatch": Text(("LOG", "ADD", "DELETE", "REPLACE")), "name": _NAME, "secret": _SECRET, "value": _TEXT}, ("name",)
)
_HTTP = Fields(
    {"headerMatches": Items(_HEADER), "headers": Items(_TEXT), "host": _TEXT, "method": _TEXT, "path": _TEXT}
)
_KAFKA = Fields(
    {
        "apiKey": _TEXT,
        "apiVersion": _TEXT,
        "clientID": _TEXT,
        "role": Text(("produce", "consume")),
        "topic": Text(longest=255),
    }
)
_L7 = Fields(
    {"http": Items(_HTTP), "kafka": Items(_KAFKA), "dns": Items(_DNS), "l7": Items(Texts()), "l7proto": _TEXT},
    one_of=("http", "kafka", "dns", "l7proto"),
)
_PORT = Fields(
    {
        "port": Text(form=forms.port),
        "endPort": Number(0, 65535),
        "protocol": Text(("TCP", "UDP", "SCTP", "VRRP", "IGMP", "ANY")),
    }
)
_ENVOY = Fields({"kind": Text(("CiliumEnvoyConfig", "CiliumClusterwideEnvoyConfig")), "name": _NAME}, ("name",))
_LISTENER = Fields({"envoyConfig": _ENVOY, "name": _NAME, "priority": Number(1, 100)}, ("envoyConfig", "name"))
_PORT_RULE = Fields(
    {
        "ports": Items(_PORT, most=40),
        "rules": _L7,
        "listener": _LISTENER,
        "originatingTLS": _TLS,
        "terminatingTLS": _TLS,
        "serverNames": Items(Text(longest=255, form=forms.server_name), least=1, unique=True),
    }
)
_ICMP = Fields(
    {"family": Text(("IPv4", "IPv6")), "type": NumberOrText(forms.icmp_type)},
    ("type",),
)
_SERVICE = Fields(
    {
        "k8sService": Fields({"namespace": _TEXT, "serviceName": _TEXT}),
        "k8sServiceSelector": Fields({"namespace": _TEXT, "selector": _SELECTOR}, ("selector",)),
    }
)
_AWS = Fields(
    {"labels": Texts(), "region": _TEXT, "securityGroupsIds": Items(_TEXT), "securityGroupsNames": Items(_TEXT)}
)


def _rules(way: str, *, deny: bool) -> Items:
    """The shape of one section; `way` is `from` or `to`."""
    fields: dict[str, Shape] = {
        f"{way}CIDR": Items(_CIDR),
        f"{way}CIDRSet": Items(_CIDR_RULE),
        f"{way}Endpoints": _SELECTORS,
        f"{way}Entities": Items(Text(ENTITIES)),
        f"{way}Groups": Items(Fields({"aws": _AWS})),
        f"{way}Nodes": _SELECTORS,
        f"{way}Requires": _SELECTORS,
        "icmps": Items(Fields({"fields": Items(_ICMP, most=40)})),
        "toPorts": Items(Fields({"ports": Items(_PORT)}) if deny else _PORT_RULE),
    }
    if way == "to":
        fields["toServices"] = Items(_SERVICE)
    if way == "to" and not deny:
        fields["toFQDNs"] = Items(_DNS)
    if not deny:
        mode = Text(("disabled", "required", "test-always-fail"))
        fields["authentication"] = Fields({"mode": mode}, ("mode",))
    return Items(Fields(fields))


SPEC = Fields(
    {
        "description": _TEXT,
        "egress": _rules("to", deny=False),
        "egressDeny": _rules("to", deny=True),
        "enableDefaultDeny": Fields({"egress": Flag(), "ingress": Flag()}),
        "endpointSelector": _SELECTOR,
        "ingress": _rules("from", deny=False),
        "ingressDeny": _rules("from", deny=True),
        "labels": Items(Fields({"key": _TEXT, "source": _TEXT, "value": _TEXT}, ("key",))),
        "log": Fields({"value": Text(longest=32)}),
        "nodeSelector": _SELECTOR,
    },
    one_of=("endpointSelector", "nodeSelector"),
    any_of=SECTIONS,
)
"""One element of `specs`, or `spec`."""

POLICY: dict[str, Shape] = {"spec": SPEC, "specs": Items(SPEC)}
"""What a policy has beside `apiVersion`, `kind`, `metadata` and `status`."""

CIDR_GROUP: dict[str, Shape] = {"spec": Fields({"externalCIDRs": Items(_CIDR)}, ("externalCIDRs",))}
"""What a CIDRGroup has beside them; `spec` is required."""
