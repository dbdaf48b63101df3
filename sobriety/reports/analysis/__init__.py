"""Analysis of the accounts: comparisons, actions, goals, services, what-if."""
