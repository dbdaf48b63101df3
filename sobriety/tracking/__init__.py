"""Sections of a program and what they cost: `with sobriety.track("step") as t:`."""
