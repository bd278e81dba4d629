"""Why a request was not carried out: a closed set of words for programs, each with what it means."""

#: The sentence beside a code in ``error`` is for people and may change; the code does not.
CODES = {
    "bad_frame": "The frame, or a field of it, is not what it must be.",
    "unknown_command": "There is no command of this type.",
    "out_of_turn": "The command is not for this state of the talk.",
    "empty": "A message or a search with nothing in it but blanks.",
    "too_long": "A message, a note or the frame is over its limit.",
    "bad_name": "The name is not one that a person or a room can have.",
    "taken": "Somebody, or some room, has this name or one that looks like it.",
    "bad_password": "The new password is against the rules.",
    "wrong_password": "Nobody has this name and this password, or the session or token has ended.",
    "no_room": "There is no such room, or it is not for you to know.",
    "no_user": "There is nobody of this name here.",
    "not_member": "For members of the room only.",
    "not_allowed": "Your role, or a rule of the room, does not allow it.",
    "offline": "The person is not there, and the message was not kept.",
    "muted": "You may read in this room, and not write.",
    "banned": "You are kept out of this room, or of this server.",
    "id_reused": "Another message was sent under this `id` before.",
    "too_many": "You have as many of these as one account may have.",
    "too_fast": "The same again succeeds after `retry_after` seconds.",
    "busy": "The server has too much to do; try again after `retry_after` seconds.",
    "not_stored": "The server could not write it to its disk. Nothing was kept; trying again makes sense.",
    "stopping": "The server stops; it is likely to be back soon.",
    "ended": "The session was ended elsewhere: log in again.",
    "internal": "A mistake of the server.",
}
