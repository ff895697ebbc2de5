"""Flows to bundles: what each namespace's policies are in each cluster. Knows neither files nor templates."""

from ringfence.compile.assemble import bundles, outlines
from ringfence.compile.ground import Ground

__all__ = ["Ground", "bundles", "outlines"]
