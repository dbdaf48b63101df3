"""Watts of a device from its facts: regressions on measured servers and terminals."""
