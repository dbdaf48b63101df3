"""Imports of other tools' records as usage: facts where they had facts, else declared energy."""
