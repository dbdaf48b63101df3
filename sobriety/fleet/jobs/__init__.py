"""Jobs that run in processes of their own: drain, copy, forget, summarize."""
