"""The slash commands of a chat: one table for the screen, the plain lines, Tab and /help."""

from collections.abc import Collection

from minechat.ui.slashes import Argument, Slash


def _optional(argument: Argument) -> Argument:
    return Argument(
        argument.field, argument.kind, argument.words, argument.phrase, optional=True, rest=argument.rest
    )


PERSON = Argument("username", "person", ("NAME", "ИМЯ"), "a name")
TO = Argument("to", "person", ("NAME", "ИМЯ"), "a name")
ROOM = Argument("room", "room", ("ROOM", "КОМНАТА"), "a room")
PLACE = Argument("place", "place", ("ROOM|@NAME", "КОМНАТА|@ИМЯ"), "a room or @name")
TEXT = Argument("text", "text", ("TEXT", "ТЕКСТ"), "a text", rest=True)
TOPIC = Argument("topic", "text", ("TOPIC", "ТЕМА"), "a topic", optional=True, rest=True)
QUERY = Argument("query", "text", ("WORDS", "СЛОВА"), "some words", rest=True)
SPAN = Argument("seconds", "duration", ("TIME", "СРОК"), "a time such as 10m", optional=True)
REASON = Argument("reason", "text", ("REASON", "ПРИЧИНА"), "a reason", optional=True, rest=True)
ROLE = Argument("role", "role", ("owner|moderator|member",) * 2, "a role")
COUNT = Argument("count", "number", ("N", "N"), "a number", optional=True)
BEFORE = Argument("before", "number", ("NUMBER", "НОМЕР"), "a number", optional=True)
FROM_ROOM = Argument("after", "room", ("AFTER", "ПОСЛЕ"), "the name to go on after", optional=True)
FROM_PERSON = Argument("after", "person", ("AFTER", "ПОСЛЕ"), "the name to go on after", optional=True)
FILE = Argument("file", "file", ("FILE", "ФАЙЛ"), "a file", rest=True)
COMMAND = Argument("command", "command", ("COMMAND", "КОМАНДА"), "a command", optional=True)

#: What ``parse`` makes of a text that is no command.
SAY = Slash(name="say", help_en="says something", help_ru="сказать", arguments=(TEXT,))


def _of_session(
    name: str,
    order: str,
    help_en: str,
    help_ru: str,
    *arguments: Argument,
    here: bool = False,
    **fields: bool,
) -> Slash:
    return Slash(
        name=name,
        help_en=help_en,
        help_ru=help_ru,
        arguments=arguments,
        order=order,
        ability=order,
        here=here,
        fields=fields,
    )


_TALKING = (
    Slash(
        name="pm",
        aliases=("msg", "w"),
        arguments=(TO, TEXT),
        ability="whisper",
        help_en="say something to one person only",
        help_ru="сказать что-то только одному человеку",
    ),
    Slash(
        name="go",
        arguments=(PLACE,),
        help_en="go to a room of yours, or to a conversation: @name",
        help_ru="перейти в свою комнату или в личную переписку: @имя",
    ),
    _of_session("join", "join_room", "join a room and go there", "вступить в комнату и перейти в неё", ROOM),
    _of_session(
        "leave",
        "leave_room",
        "leave a room, this one by default",
        "покинуть комнату, по умолчанию эту",
        _optional(ROOM),
        here=True,
    ),
    Slash(
        name="history",
        arguments=(COUNT,),
        ability="history",
        help_en="show the last N messages of this place",
        help_ru="показать последние N сообщений отсюда",
    ),
    _of_session(
        "search",
        "search",
        "find messages in your rooms and conversations",
        "найти сообщения в своих комнатах и переписках",
        QUERY,
    ),
    Slash(
        name="export",
        arguments=(FILE,),
        ability="history",
        help_en="write the whole history of this place to a file (.jsonl or text)",
        help_ru="записать всю историю отсюда в файл (.jsonl или текст)",
    ),
)
_LOOKING = (
    _of_session("users", "get_online_users", "who is here now", "кто сейчас здесь", FROM_PERSON),
    _of_session("rooms", "list_rooms", "public rooms, and yours", "открытые комнаты и ваши", FROM_ROOM),
    _of_session(
        "members",
        "get_members",
        "members of this room and their roles",
        "участники этой комнаты и их роли",
        FROM_PERSON,
        here=True,
    ),
    _of_session(
        "conversations",
        "get_conversations",
        "with whom you have exchanged private messages",
        "с кем вы переписывались лично",
    ),
)
_RULING = (
    _of_session("create", "create_room", "make a room of your own", "создать свою комнату", ROOM, TOPIC),
    _of_session(
        "create-closed",
        "create_room",
        "make a room that people join by invitation only",
        "создать комнату, в которую входят только по приглашению",
        ROOM,
        TOPIC,
        invite_only=True,
    ),
    Slash(
        name="topic",
        arguments=(TOPIC,),
        order="set_topic",
        ability="set_topic",
        here=True,
        only_with="topic",
        help_en="show the topic of this room, or set it; a single - takes it away",
        help_ru="показать тему комнаты или назначить новую; один знак - убирает её",
    ),
    _of_session(
        "invite", "invite", "let somebody into this room", "пригласить в эту комнату", PERSON, here=True
    ),
    _of_session(
        "kick",
        "kick",
        "send somebody out; they may join again",
        "выставить из комнаты; можно вернуться",
        PERSON,
        REASON,
        here=True,
    ),
    _of_session(
        "mute",
        "mute",
        "let somebody read and not write, for a time such as 10m",
        "запретить писать, на срок вроде 10m",
        PERSON,
        SPAN,
        REASON,
        here=True,
    ),
    _of_session("unmute", "unmute", "end that", "снова разрешить писать", PERSON, here=True),
    _of_session(
        "ban",
        "ban",
        "keep somebody out, for a time such as 7d",
        "не пускать в комнату, на срок вроде 7d",
        PERSON,
        SPAN,
        REASON,
        here=True,
    ),
    _of_session("unban", "unban", "end that", "снова пускать", PERSON, here=True),
    _of_session(
        "role",
        "set_role",
        "make a member owner, moderator or member",
        "сделать участника владельцем (owner), модератором (moderator) или участником (member)",
        PERSON,
        ROLE,
        here=True,
    ),
    _of_session(
        "audit",
        "get_audit",
        "what was done in this room, and by whom",
        "что и кем было сделано в этой комнате",
        BEFORE,
        here=True,
    ),
)
_OWN = (
    _of_session(
        "block", "block_user", "take no private messages of somebody", "не получать личных сообщений", PERSON
    ),
    _of_session("unblock", "unblock_user", "take them again", "снова получать их", PERSON),
    Slash(
        name="password",
        ability="change_password",
        help_en="change your password; ends your other sessions",
        help_ru="сменить пароль; остальные ваши сеансы завершатся",
    ),
    _of_session(
        "token",
        "get_token",
        "a new token for the port of authorization.py; the old one ends",
        "новый токен для порта authorization.py; прежний перестанет действовать",
    ),
    Slash(
        name="export-mine",
        arguments=(FILE,),
        ability="get_my_data",
        help_en="write all that the server keeps of you to a file",
        help_ru="записать в файл всё, что сервер о вас хранит",
    ),
    _of_session("logout", "log_out", "end this session", "завершить этот сеанс"),
    _of_session(
        "logout-everywhere",
        "log_out",
        "end all your sessions",
        "завершить все свои сеансы",
        everywhere=True,
    ),
    Slash(
        name="help",
        arguments=(COMMAND,),
        help_en="these commands, or one of them",
        help_ru="эти команды или одна из них",
    ),
    Slash(
        name="exit",
        aliases=("quit",),
        help_en="leave; the word alone does too",
        help_ru="выйти; можно и без черты",
    ),
)

#: Every command in the order of /help.
COMMANDS: tuple[Slash, ...] = (*_TALKING, *_LOOKING, *_RULING, *_OWN)
#: Each by its name and its other names.
BY_NAME: dict[str, Slash] = {name: slash for slash in COMMANDS for name in (slash.name, *slash.aliases)}


def available(abilities: Collection[str]) -> tuple[Slash, ...]:
    """The commands that make sense in a chat that can do these things."""
    return tuple(slash for slash in COMMANDS if slash.ability is None or slash.ability in abilities)
