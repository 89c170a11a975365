"""Networks of the hybrid models."""
