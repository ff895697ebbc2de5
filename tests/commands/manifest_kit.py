"""Plain manifests for tests of commands, and standard input."""

from __future__ import annotations

import io
from types import SimpleNamespace

import pytest

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: shop}}
spec:
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: main, image: example.com/{name}}}]}}
"""
POLICY = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: cart, namespace: shop}
spec:
  podSelector: {matchLabels: {app: cart}}
  policyTypes: [Ingress]
  ingress:
    - from: [{podSelector: {matchLabels: {app: frontend}}}]
      ports: [{protocol: TCP, port: 7070}]
"""
MONITORED = (
    POLICY
    + """\
    - from: [{podSelector: {matchLabels: {role: monitoring}}}]
      ports: [{protocol: TCP, port: 9090}]
"""
)
SHOP = "---\n".join([DEPLOYMENT.format(name="cart"), DEPLOYMENT.format(name="frontend"), MONITORED])


def give(monkeypatch: pytest.MonkeyPatch, text: str | bytes) -> None:
    """Put a text into standard input."""
    raw = text.encode() if isinstance(text, str) else text
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(raw), isatty=lambda: False))
