"""Numbers, units and sentences in English and French; knows no report."""
