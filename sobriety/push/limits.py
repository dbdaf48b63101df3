"""What a gateway takes at once: agents keep to it, and it refuses more."""

from __future__ import annotations

MOST_ROWS = 2_000
PACKED_B = 1024 * 1024
UNPACKED_B = 16 * 1024 * 1024
