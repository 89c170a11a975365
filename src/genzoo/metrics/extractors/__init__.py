"""Feature extractors: fixed networks whose features and logits FID and similar metrics compare."""
