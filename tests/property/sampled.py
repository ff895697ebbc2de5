"""How many points at least the set engine is held against brute force, by dialect: one connection on one port each."""

from __future__ import annotations

LEAST = {"NetworkPolicy": 40_000, "tiers": 40_000, "Calico": 30_000, "Cilium": 30_000}

assert sum(LEAST.values()) >= 100_000
