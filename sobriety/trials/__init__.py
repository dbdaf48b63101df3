"""Commands run again and again, and what their figures say of each other."""
