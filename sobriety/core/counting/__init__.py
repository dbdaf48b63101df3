"""Turns raw readings into usage rows: differences, workloads, attribution."""
