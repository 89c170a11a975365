"""What happens between rounds."""
