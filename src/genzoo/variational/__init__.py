"""Variational autoencoders: models that are trained on a lower bound of the likelihood."""
