"""Networks of the adversarial models."""
