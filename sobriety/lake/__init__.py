"""Usage of many machines: Parquet files by day, roll-ups, engines, local or in an object store."""

from __future__ import annotations

from .lake import Lake

__all__ = ["Lake"]
