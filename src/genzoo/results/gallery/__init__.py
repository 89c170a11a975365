"""A static page of runs: pictures, films, curves, metrics and configurations in one HTML file."""
