"""A report as this machine makes it: requested, sealed, signed, verified, explained, published."""
