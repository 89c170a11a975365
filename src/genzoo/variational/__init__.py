"""Variational autoencoders: models trained on a lower bound of the likelihood."""
