"""A device in Python."""
