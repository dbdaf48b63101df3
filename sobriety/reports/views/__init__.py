"""A report's facts as sentences, tables and curves: written once, for every format."""
