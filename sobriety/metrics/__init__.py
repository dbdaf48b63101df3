"""Figures while they are made: a ledger of joules, scraped by Prometheus and pushed by OTLP."""

from __future__ import annotations

from .feed import Metrics

__all__ = ["Metrics"]
