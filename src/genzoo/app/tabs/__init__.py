"""The tabs of the explorer, one per file."""
