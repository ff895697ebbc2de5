"""Ringfence: declared flows in, proven Kubernetes network policies out."""

__version__ = "0.1.0"
