"""What to make of the accounts: comparisons, actions, goals, services, what-if."""
