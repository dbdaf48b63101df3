"""The version of this package: read by everybody, so it imports nothing."""

__version__ = "0.1.0"
