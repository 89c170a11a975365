"""One run, from its configuration to metrics.json: built, trained, measured, resumed, logged."""
