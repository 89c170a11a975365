"""The command line: entry points, and the conversion of user errors into one-line messages."""
