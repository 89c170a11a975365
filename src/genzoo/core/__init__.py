"""Code that all families of models share."""
