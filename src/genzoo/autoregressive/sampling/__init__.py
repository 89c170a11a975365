"""Sampling algorithms that draw the same image: naive, with cached activations, by fixed-point iteration."""
