"""Readings of a meter at the plug, turned into settings."""
