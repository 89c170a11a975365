"""Metrics and pictures of a trained model; each needs certain capabilities, never a certain class."""
