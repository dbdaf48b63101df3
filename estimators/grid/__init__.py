"""Emission factors of electricity: by zone, year and edition, and from generation."""
