"""Generative models of 2014-2017, trained, sampled and measured by one protocol."""

__version__ = "0.1.0"
