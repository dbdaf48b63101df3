"""What one command costs: run or attached to, sampled, priced."""
