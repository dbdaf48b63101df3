"""Collectors on a clock: sample, difference, write usage rows."""
