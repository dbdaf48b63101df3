"""Trials: repeated runs of commands, and what their figures show."""
