"""Accounts of a period: what was there and what it cost; the only storey that queries the lake."""
