"""The wires, pure: no socket, no clock, no file."""
