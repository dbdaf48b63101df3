"""A file per format; each prints the same views."""
