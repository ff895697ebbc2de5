"""Exact sets of ports and addresses, shared by every stage. Knows neither flows nor policies."""
