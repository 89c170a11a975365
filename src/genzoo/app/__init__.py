"""The explorer: a page in the browser on the models of checkpoints. Tabs depend on capabilities, never on a model."""
