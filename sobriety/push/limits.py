"""Limits of one batch: agents keep to them, and gateways refuse more."""

from __future__ import annotations

from sobriety.core.units import S_PER_DAY, S_PER_YEAR

MOST_ROWS = 2_000
PACKED_B = 1024 * 1024
UNPACKED_B = 16 * 1024 * 1024
MOST_AHEAD_S = S_PER_DAY
MOST_PAST_S = 3 * S_PER_YEAR
"""How far from now a row may begin."""
