"""What a report holds: figures, facts, settings and warnings."""
