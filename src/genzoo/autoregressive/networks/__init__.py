"""Causal networks: the output at a pixel does not depend on later pixels."""
