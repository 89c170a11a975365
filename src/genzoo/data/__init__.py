"""Data sets, one DataModule per source, and the loaders of rounds."""
