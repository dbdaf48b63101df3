"""Lists of devices: their columns, how they are read and imported, and their estimate."""
