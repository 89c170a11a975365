"""What is measured and drawn of a trained model; each asks for capabilities, never for a class."""
