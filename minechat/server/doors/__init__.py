"""The doors: bytes in, hub calls out."""
