"""Networks whose output at a pixel sees no pixel after it."""
