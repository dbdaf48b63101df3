"""Settings: values that the owner of a machine states, each with its origin."""
