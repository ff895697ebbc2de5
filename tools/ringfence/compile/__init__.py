"""Flows to bundles: what each namespace's policies are in each cluster. Knows neither files nor templates."""

from ringfence.compile.assemble import bundles

__all__ = ["bundles"]
