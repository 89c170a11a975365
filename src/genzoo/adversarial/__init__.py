"""Adversarial models: a generator and a discriminator play a game."""
