"""Grid factors, hourly intensity and product footprints that a user brings."""
