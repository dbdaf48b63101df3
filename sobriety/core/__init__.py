"""The vocabulary: readings, usage, estimates, errors, hosts, units. Imports no other room."""
