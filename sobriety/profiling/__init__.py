"""Profiling of one command: run it or attach to it, sample it, price it."""
