"""Fixed networks whose features and logits samples are measured by."""
