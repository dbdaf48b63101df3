"""Takes in a batch of an agent: from the wire to the journal."""
