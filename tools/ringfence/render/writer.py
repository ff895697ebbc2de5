"""Files of the dialect `kubernetes`, written plainly or by templates, and then proven (`proof.written`)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from ringfence.compile import kubernetes
from ringfence.compile.bundle import BlockPeer, Bundle, NamesPeer, Origin, Policy, Rule, RulePeer
from ringfence.compile.parts import Part
from ringfence.render import emit, proof
from ringfence.render import templates as jinja
from ringfence.render.layout import Overlay
from ringfence.render.plain import Plain, comments
from ringfence.render.proof import HEADER
from ringfence.render.quoting import Yaml

KUSTOMIZATION = "kustomization.yaml"
_TO_BASE = "../../../../base"

_Files = Iterator[tuple[str, bytes]]
_Item = TypeVar("_Item")

_origin = operator.attrgetter("kind", "name", "file", "owner", "reason", "expires", "ticket")
_port = operator.attrgetter("protocol", "first", "last")


class Writer:
    """Writes bundles."""

    def __init__(self, templates: jinja.Templates) -> None:
        self.templates = templates
        self.plain = Plain(partial(self.why, jinja.WHY))
        self.whys: dict[tuple[str, tuple[Origin, ...]], Yaml] = {}
        self.blocks: dict[tuple[str, int], tuple[Yaml, object]] = {}

    def base(self, folder: str, bundle: Bundle) -> _Files:
        """The files of a bundle of the base, name to content."""
        yield from self.policies(folder, bundle)
        yield self.kustomization(folder, bundle, [f"{policy.name}.yaml" for policy in bundle.policies], [])

    def overlay(self, folder: str, overlay: Overlay, more: Sequence[str] = ()) -> _Files:
        """The files of an overlay; `more` are other files that the folder holds."""
        yield from self.policies(folder, overlay.extra)
        for policy in overlay.added.policies:
            yield self.patch(folder, overlay.added, policy)
        resources = [f"{_TO_BASE}/{place_of(overlay.whole)}"] if overlay.on_base else []
        for part in kubernetes.permissive(overlay.whole):
            resources.append(f"{part.file}.yaml")
            yield self.permissive(folder, overlay.whole, part)
        resources += [*(f"{policy.name}.yaml" for policy in overlay.extra.policies), *more]
        yield self.kustomization(folder, overlay.whole, resources, list(overlay.added.policies))

    def policies(self, folder: str, bundle: Bundle) -> _Files:
        """The files of the policies of a bundle."""
        for policy in bundle.policies:
            plain = self.plain.policy(bundle, policy)
            values = partial(self.of_policy, bundle, policy)
            meaning = partial(kubernetes.as_object, bundle, policy)
            yield self.file(jinja.POLICY, folder, f"{policy.name}.yaml", plain, values, meaning)

    def patch(self, folder: str, bundle: Bundle, policy: Policy) -> tuple[str, bytes]:
        """The file that appends rules to a policy of the base."""
        plain = self.plain.patch(policy)
        values = partial(self.values, bundle, policy)
        return self.file(jinja.PATCH, folder, _patch_name(policy), plain, values, partial(_operations, policy))

    def permissive(self, folder: str, bundle: Bundle, part: Part) -> tuple[str, bytes]:
        """The file that keeps one direction of a namespace open."""
        from ringfence.render import dialects

        plain, values = _plain(part.head), partial(dialects.common, bundle, part.head)
        return self.file(jinja.PERMISSIVE, folder, f"{part.file}.yaml", plain, values, lambda: part.head)

    def kustomization(
        self, folder: str, bundle: Bundle, resources: list[str], patched: list[Policy]
    ) -> tuple[str, bytes]:
        """The Kustomization of a folder."""
        expected: dict[str, Any] = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": resources,
        }
        target = {"group": kubernetes.GROUP, "version": kubernetes.VERSION, "kind": kubernetes.KIND}
        if patched:
            expected["patches"] = [
                {
                    "path": _patch_name(policy),
                    "target": {
                        **target,
                        "name": kubernetes.object_name(policy),
                        "namespace": bundle.namespace_name,
                    },
                }
                for policy in patched
            ]
        values = {
            "namespace": bundle.namespace_name,
            "team": bundle.team,
            "resources": tuple(resources),
            "patches": tuple(
                (_patch_name(policy), *target.values(), kubernetes.object_name(policy), bundle.namespace_name)
                for policy in patched
            ),
        }
        return self.file(jinja.KUSTOMIZATION, folder, KUSTOMIZATION, _plain(expected), lambda: values, lambda: expected)

    def file(
        self,
        template: str,
        folder: str,
        name: str,
        plain: str,
        values: Callable[[], Mapping[str, Any]],
        meaning: Callable[[], Any],
    ) -> tuple[str, bytes]:
        """A file of a folder, name and content, as `proof.written` gives it."""
        return name, as_file(proof.written(self.templates, template, f"{folder}/{name}", plain, values, meaning))

    def of_policy(self, bundle: Bundle, policy: Policy) -> dict[str, Any]:
        """What the template of policies sees: text and tuples only."""
        labels = kubernetes.object_labels(bundle)
        return {**self.values(bundle, policy), "labels": labels, "selector": policy.selector}

    def values(self, bundle: Bundle, policy: Policy) -> dict[str, Any]:
        """What the templates of policies and of patches both see: text and tuples only."""
        return {
            "name": kubernetes.object_name(policy),
            "namespace": bundle.namespace_name,
            "team": bundle.team,
            "ingress": [self.rule(rule) for rule in policy.ingress],
            "egress": [self.rule(rule) for rule in policy.egress],
        }

    def rule(self, rule: Rule) -> tuple[Yaml, Yaml, Yaml]:
        """The blocks of a rule: its comments, its peers, its ports."""
        return (
            self.why(jinja.WHY, rule),
            self.block(jinja.PEERS, "peers", rule.peers, _peer),
            self.block(jinja.PORTS, "ports", rule.ports, _port),
        )

    def why(self, name: str, rule: Rule) -> Yaml:
        """The comments above a rule, as the template of that name writes them."""
        written = self.whys.get((name, rule.origins))
        if written is None:
            values = {"origins": tuple(map(_origin, rule.origins))}
            written = self.templates.block(name, values) if self.templates.is_own(name) else comments(rule)
            self.whys[name, rule.origins] = written
        return written

    def block(self, name: str, key: str, items: tuple[_Item, ...], plain: Callable[[_Item], object]) -> Yaml:
        """What the template of a block writes for some items, once for each object."""
        # keyed by identity, much cheaper than by value; the items are kept, so that no identity is given out again
        known = self.blocks.get((name, id(items)))
        if known is None:
            written = self.templates.block(name, {key: tuple(map(plain, items))})
            known = self.blocks[name, id(items)] = (written, items)
        return known[0]


def as_file(written: str) -> bytes:
    """The content of a file below its header."""
    return (HEADER + written).encode()


def place_of(bundle: Bundle) -> str:
    """The folder of a bundle below that of the base or of a cluster."""
    return f"{bundle.team}/{bundle.namespace}"


def _patch_name(policy: Policy) -> str:
    # a workload's name holds no dot, so that no policy's file is ever called so
    return f"{policy.name}.patch.yaml"


def _plain(data: Mapping[str, Any]) -> str:
    return "".join(f"{line}\n" for line in emit.mapping(data))


def _operations(policy: Policy) -> list[dict[str, Any]]:
    """The JSON patch that appends the rules of a policy."""
    return [
        {"op": "add", "path": f"/spec/{direction}/-", "value": kubernetes.as_rule(rule, direction)}
        for direction, rules in (("ingress", policy.ingress), ("egress", policy.egress))
        for rule in rules
    ]


def _peer(peer: RulePeer) -> tuple[object, ...]:
    if isinstance(peer, NamesPeer):
        raise TypeError("this dialect has no names")
    if isinstance(peer, BlockPeer):
        return ("", (), peer.cidr, peer.excepts)
    return (peer.namespace, peer.labels, "", ())
