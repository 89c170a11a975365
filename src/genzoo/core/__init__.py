"""What every family shares, and nothing a family owns."""
