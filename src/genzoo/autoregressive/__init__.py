"""Models that generate an image pixel by pixel: p(x) = Π p(x_i | x_1 .. x_{i-1}), row by row, R before G before B."""
