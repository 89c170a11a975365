"""One DataModule a source, and the device-resident loader."""
