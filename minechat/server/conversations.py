"""What the room of two people is called in the database: no other room is named so."""


def conversation_name(one: int, other: int) -> str:
    """The name of the room that the conversation of two accounts is kept in."""
    return f"@{min(one, other)}:{max(one, other)}"


def is_conversation(room: str) -> bool:
    return room.startswith("@")


def people_of(room: str) -> tuple[int, int]:
    """The two accounts of a conversation, the lesser number first."""
    first, _, second = room[1:].partition(":")
    return int(first), int(second)
