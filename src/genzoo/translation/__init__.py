"""Models that translate images of one domain into images of another."""
