"""A report as this machine makes it: settled, sealed, signed, verified, explained, opened."""
