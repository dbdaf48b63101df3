"""What other processes do for the gateway: drain, copy, forget, summarize."""
