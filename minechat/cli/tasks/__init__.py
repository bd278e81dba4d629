"""What the owner of a server does to it: one command each, beside a server that runs or without one."""
