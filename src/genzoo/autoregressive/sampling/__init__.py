"""Ways to draw the same image: naive, with remembered activations, by fixed-point iteration."""
