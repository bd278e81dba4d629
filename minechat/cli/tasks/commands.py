"""The options of each task on a server, as data."""

from minechat.cli.kinds import Kind
from minechat.cli.options import ADMIN_SOCKET, DATABASE, Command, Option

TASKS: dict[str, Command] = {
    "server backup": Command(
        "Copy the database to a file, whole and consistent, while the server runs or not.",
        ("%(prog)s chat.backup", "%(prog)s /mnt/backup/chat-$(date +%%F).db", "%(prog)s chat.backup --json"),
        (
            Option("file", (), Kind.TEXT, "the file to write; it must not exist yet", value="FILE"),
            DATABASE,
            ADMIN_SOCKET,
        ),
        "tasks.backup",
    ),
    "server restore": Command(
        "Make a database from a backup; never over one that is there.",
        (
            "%(prog)s chat.backup --verify",
            "%(prog)s chat.backup --database sqlite:////var/lib/minechat/chat.db",
            "%(prog)s chat.backup --verify --json",
        ),
        (
            Option("file", (), Kind.TEXT, "the backup", value="FILE"),
            Option(
                "verify",
                ("--verify",),
                Kind.FLAG,
                "compare counts and checksums with those the backup was made with",
            ),
            DATABASE,
            ADMIN_SOCKET,
        ),
        "tasks.restore",
    ),
    "server list": Command(
        "List accounts, bans, or what the owner did.",
        ("%(prog)s accounts", "%(prog)s bans --json", "%(prog)s audit"),
        (Option("what", (), Kind.LISTED, "accounts, bans or audit", value="WHAT"), DATABASE, ADMIN_SOCKET),
        "tasks.list",
    ),
    "server ban": Command(
        "Shut an account or an address out, at once and for a time.",
        (
            "%(prog)s 'Brave Vasya' --for 2h --reason flooding",
            "%(prog)s 192.0.2.7 --for 7d",
            "%(prog)s 'Brave Vasya'",
        ),
        (
            Option(
                "whom",
                (),
                Kind.TEXT,
                "the nickname as the chat shows it, its #number in the list of accounts, or an address; "
                "only an address keeps out who would register anew",
                value="WHOM",
            ),
            Option("for_seconds", ("--for",), Kind.SPAN, "how long", default="forever", value="TIME"),
            Option("reason", ("--reason",), Kind.TEXT, "what the banned are told", value="TEXT"),
            DATABASE,
            ADMIN_SOCKET,
        ),
        "tasks.ban",
    ),
    "server unban": Command(
        "Let an account or an address in again.",
        ('%(prog)s "Brave Vasya"', "%(prog)s 192.0.2.7", "%(prog)s 2001:db8::1"),
        (
            Option("whom", (), Kind.TEXT, "the nickname, #number or address that was banned", value="WHOM"),
            DATABASE,
            ADMIN_SOCKET,
        ),
        "tasks.unban",
    ),
    "server rename": Command(
        "Give an account another nickname.",
        (
            '%(prog)s "Brave Vasya" "Brave Basil"',
            '%(prog)s "Brave Vasya" Basil',
            "%(prog)s Basil Vasya --json",
        ),
        (
            Option("nick", (), Kind.TEXT, "the nickname as the chat shows it, or its #number", value="NICK"),
            Option("to", (), Kind.TEXT, "the nickname it gets, exactly so", value="NEW"),
            DATABASE,
            ADMIN_SOCKET,
        ),
        "tasks.rename",
    ),
    "server token": Command(
        "Give an account a new token; the old one ends at once.",
        (
            '%(prog)s "Brave Vasya" --new',
            '%(prog)s "Brave Vasya" --new --json',
            '(umask 077; %(prog)s "Brave Vasya" --new > token.txt)',
        ),
        (
            Option("nick", (), Kind.TEXT, "the nickname as the chat shows it, or its #number", value="NICK"),
            Option("new", ("--new",), Kind.FLAG, "make a new token and print it"),
            DATABASE,
            ADMIN_SOCKET,
        ),
        "tasks.token",
    ),
    "server password": Command(
        "Give an account a new password, made by chance; the old one and all sessions end at once.",
        (
            "%(prog)s Basil",
            "%(prog)s '#7' --json",
            '(umask 077; %(prog)s "Brave Vasya" --quiet > password.txt)',
        ),
        (
            Option("nick", (), Kind.TEXT, "the nickname as the chat shows it, or its #number", value="NICK"),
            DATABASE,
            ADMIN_SOCKET,
        ),
        "tasks.password",
    ),
    "server role": Command(
        "Make somebody the owner, a moderator or a member of a room.",
        (
            '%(prog)s "Brave Vasya" general moderator',
            "%(prog)s Basil climbing owner",
            "%(prog)s '#7' general member --json",
        ),
        (
            Option("nick", (), Kind.TEXT, "the nickname as the chat shows it, or its #number", value="NICK"),
            Option("room", (), Kind.TEXT, "the room; general is everybody's and has no owner", value="ROOM"),
            Option("role", (), Kind.ROLE, "owner, moderator or member", value="ROLE"),
            DATABASE,
            ADMIN_SOCKET,
        ),
        "tasks.role",
    ),
    "server announce": Command(
        "Say something to everybody who listens.",
        (
            '%(prog)s "The server restarts at noon"',
            '%(prog)s "Welcome" --json',
            '%(prog)s "Bye" --database sqlite:///other.db',
        ),
        (Option("text", (), Kind.TEXT, "what to say", value="TEXT"), DATABASE, ADMIN_SOCKET),
        "tasks.announce",
    ),
    "server top": Command(
        "Watch a running server: who is connected, rates and delays.",
        ("%(prog)s", "%(prog)s --every 5", "%(prog)s --count 1 --json"),
        (
            Option(
                "every", ("--every",), Kind.SECONDS, "seconds between two looks", default="1", value="SECONDS"
            ),
            Option("count", ("--count",), Kind.POSITIVE, "leave after N looks", value="N"),
            DATABASE,
            ADMIN_SOCKET,
        ),
        "tasks.top",
    ),
}
