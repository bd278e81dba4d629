"""Where a talk of RIFT stands."""

from enum import Enum


class State(Enum):
    NEW = "the client says who it is, or makes an account"
    REGISTERING = "the server owes register_success or register_fail"
    ENTERING = "the server owes auth_success or auth_fail"
    KNOWN = "the client asks for what it likes, the server tells what happens"
    CLOSED = "nobody says anything more"
