"""Models that make an image pixel by pixel: p(x) = Π p(x_i | x_1 .. x_{i-1}), row after row, R before G before B."""
