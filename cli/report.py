"""`sobriety report`: a period, in figures that can be defended."""
