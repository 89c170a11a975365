"""Samples of a model as files."""
