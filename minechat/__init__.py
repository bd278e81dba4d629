"""Chat in the terminal: the public names of the client side."""
