"""What other tools recorded, as usage: facts where they had facts, else what they told."""
