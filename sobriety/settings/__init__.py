"""What the owner of a machine states, and where each value comes from."""
