"""The vocabulary: readings, usage, estimates, errors, hosts and units. Imports no other room."""

__version__ = "0.1.0"
