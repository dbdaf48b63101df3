"""Declarations of an organization beside its devices: sites, services, goals, scenarios."""
