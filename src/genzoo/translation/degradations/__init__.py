"""Degradations of images, from which a model learns to restore them."""
