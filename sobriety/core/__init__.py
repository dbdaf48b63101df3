"""The vocabulary: readings, usage, estimates, errors, hosts and units. Imports no other room."""

__version__ = "0.2.0"
