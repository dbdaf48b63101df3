"""The model of a report: figures, facts, settings and warnings."""
