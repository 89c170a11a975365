"""Adversarial models: a generator and a discriminator that are trained against each other."""
