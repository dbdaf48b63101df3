"""The dashboard: its pages, and what they show."""
