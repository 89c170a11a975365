"""A single run, from its configuration to metrics.json: building, training, evaluation, resuming, logging."""
