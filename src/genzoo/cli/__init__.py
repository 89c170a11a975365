"""The command line: the entries, and the one place that turns a mistake into one line."""
