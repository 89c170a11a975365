"""Callbacks between rounds."""
