"""Limits that graphics cards of every maker share."""

LARGEST_W = 3000.0
"""No card draws more: what would imply it is no reading."""
