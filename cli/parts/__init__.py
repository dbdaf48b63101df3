"""What several verbs share, and what is too long for a verb's file: options, output, budgets."""
