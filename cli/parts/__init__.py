"""Parts of the command line: shared options, output, budgets, progress."""
