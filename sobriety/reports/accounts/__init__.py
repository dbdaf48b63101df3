"""What was there in a period and what it cost: the only storey that asks the lake."""
