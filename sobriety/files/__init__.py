"""Files that appear whole, and tables and TOML that people write, with every fault in them."""
