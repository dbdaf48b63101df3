"""Fits: from public data to the coefficients in estimators/data. Run by hand, never by users."""
