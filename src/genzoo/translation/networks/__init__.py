"""Networks of the models of translation."""
