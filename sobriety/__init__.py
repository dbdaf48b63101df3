"""Measure what machines and programs consume, in joules and CO2e, with the doubt beside every figure."""

__version__ = "0.1.0"
