"""Every SQL text, by name; those that make and read the whole of a schema are in ``schema``."""

from typing import NamedTuple

from minechat.server.storage.schema import ROWS

SET_SCHEMA_VERSION = "INSERT INTO schema_version (version) VALUES (?)"
GET_SCHEMA_VERSION = "SELECT max(version) FROM schema_version"

#: No function or view of a stranger's file is called (https://sqlite.org/pragma.html).
DISTRUST = "PRAGMA trusted_schema = OFF"
#: Settings of the one connection that writes.
PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    # Errors of an automatic checkpoint go unheard, so the writer makes its own.
    "PRAGMA wal_autocheckpoint = 0",
    DISTRUST,
)
#: For a file that nobody else knows, and that is made durable as a whole.
UNLOGGED = ("PRAGMA journal_mode = OFF", "PRAGMA synchronous = OFF")
USE_WAL = "PRAGMA journal_mode = WAL"
QUICK_CHECK = "PRAGMA quick_check(1)"
CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)"
EMPTY_LOG = "PRAGMA wal_checkpoint(TRUNCATE)"
NEVER_WAIT = "PRAGMA busy_timeout = 0"
#: Whether the names, the tokens and the rooms are found by their indexes; the quick check leaves that out.
CHECK_ACCOUNTS = "PRAGMA integrity_check(account)"
CHECK_ROOMS = "PRAGMA integrity_check(room)"
#: A room whose messages are not numbered from 1 on without a gap.
MISNUMBERED = """SELECT room_id FROM message GROUP BY room_id
    HAVING count(*) <> max(seq) OR sum(seq) <> count(*) * (count(*) + 1) / 2 LIMIT 1"""
INTEGRITY_CHECK = "PRAGMA integrity_check(1)"
FOREIGN_KEY_CHECK = "PRAGMA foreign_key_check"
SCHEMA = "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name <> 'manifest' ORDER BY type, name"

BEGIN = "BEGIN IMMEDIATE"
COMMIT = "COMMIT"
ROLLBACK = "ROLLBACK"
SAVE = "SAVEPOINT operation"
RELEASE = "RELEASE operation"
UNDO = "ROLLBACK TO operation"

ROOM_ID = "SELECT id FROM room WHERE name = ?"
LAST_SEQ = "SELECT coalesce(max(seq), 0) FROM message WHERE room_id = ?"
ADD_MESSAGE = "INSERT INTO message (room_id, seq, account_id, text, said_at) VALUES (?, ?, ?, ?, ?)"
ADD_NAMED_MESSAGE = """INSERT INTO message (room_id, seq, account_id, text, said_at, key, hidden)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
GET_KEYED = """SELECT room.name, seq, text, said_at, hidden FROM message JOIN room ON room.id = room_id
    WHERE account_id = ? AND message.key = ?"""
_MESSAGES = """SELECT room.name, seq, account.name, text, account_id, said_at, message.key, hidden
    FROM message JOIN room ON room.id = room_id JOIN account ON account.id = account_id"""
SAID = f"{_MESSAGES} WHERE account_id = ? AND message.key = ?"
MESSAGES_AFTER = f"""{_MESSAGES}
    WHERE room_id = ? AND seq > ? AND seq < ? AND (hidden = 0 OR account_id = ?) ORDER BY seq LIMIT ?"""
MESSAGES_BEFORE = f"""{_MESSAGES}
    WHERE room_id = ? AND seq < ? AND (hidden = 0 OR account_id = ?) ORDER BY seq DESC LIMIT ?"""

ADD_ACCOUNT = """INSERT INTO account (epithet, nick, name, key, capital_key, shown_key,
    token_hash, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id"""
GET_ACCOUNT = "SELECT id, name FROM account WHERE token_hash = ?"
GET_ACCOUNT_BY_ID = "SELECT id, name FROM account WHERE id = ?"
GET_ACCOUNT_BY_KEY = "SELECT id, name FROM account WHERE key = ?"
GET_ACCOUNT_BY_NAME = """SELECT id, name FROM account
    WHERE name = ? AND coalesce(key, capital_key, shown_key) IS NOT NULL"""
GET_ACCOUNT_LIKE = """WITH asked (small, capital, shown) AS (VALUES (?, ?, ?))
    SELECT account.id, account.name FROM asked, account
    WHERE account.key = small OR account.capital_key = capital OR account.shown_key = shown
    ORDER BY account.key IS NOT small, account.capital_key IS NOT capital LIMIT 1"""
LIST_ACCOUNTS = """WITH page AS (SELECT id, name, created_at FROM account WHERE id > ? ORDER BY id LIMIT ?)
    SELECT page.id, page.name, page.created_at, said.last, coalesce(said.messages, 0)
    FROM page LEFT JOIN (
        SELECT account_id, max(said_at) AS last, count(*) AS messages FROM message
        WHERE account_id BETWEEN (SELECT min(id) FROM page) AND (SELECT max(id) FROM page)
        GROUP BY account_id
    ) AS said ON said.account_id = page.id
    ORDER BY page.id"""
SET_TOKEN = "UPDATE account SET token_hash = ? WHERE id = ?"  # noqa: S105 - no secret
SET_NAME = """UPDATE OR IGNORE account
    SET epithet = ?, nick = ?, name = ?, key = ?, capital_key = ?, shown_key = ? WHERE id = ?"""

ADD_MEMBER_ACCOUNT = """INSERT INTO account (epithet, nick, name, key, capital_key, shown_key,
    token_hash, created_at, password) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT DO NOTHING RETURNING id"""
LOGIN_BY_KEY = "SELECT id, name, password FROM account WHERE key = ?"
LOGIN_BY_ID = "SELECT id, name, password FROM account WHERE id = ? AND key IS NOT NULL"
SET_PASSWORD = "UPDATE account SET password = ? WHERE id = ? AND password IS ?"  # noqa: S105 - no secret
ADD_SESSION = "INSERT INTO session (account_id, hash, at) VALUES (?, ?, ?)"
FORGET_OLD_SESSIONS = """WITH asked (account, most) AS (VALUES (?, ?))
    DELETE FROM session WHERE account_id = (SELECT account FROM asked) AND id NOT IN (
        SELECT id FROM session WHERE account_id = (SELECT account FROM asked)
        ORDER BY id DESC LIMIT (SELECT most FROM asked))"""
GET_ACCOUNT_BY_SESSION = """SELECT account.id, name FROM session JOIN account ON account.id = account_id
    WHERE hash = ?"""
REMOVE_SESSION = "DELETE FROM session WHERE hash = ?"
REMOVE_SESSIONS = "DELETE FROM session WHERE account_id = ? AND hash IS NOT ?"
HAS_SESSION = "SELECT 1 FROM session WHERE account_id = ? LIMIT 1"
ADD_BLOCK = "INSERT INTO block (account_id, blocked_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
REMOVE_BLOCK = "DELETE FROM block WHERE account_id = ? AND blocked_id = ?"
GET_BLOCKED = "SELECT blocked_id FROM block WHERE account_id = ?"

MESSAGE = f"{_MESSAGES} WHERE room_id = ? AND seq = ? AND (hidden = 0 OR account_id = ?)"
_ROOM = """room.id, room.name, coalesce(room.key, ''), topic, kind,
    (SELECT coalesce(max(seq), 0) FROM message WHERE room_id = room.id)"""
ADD_ROOM = """INSERT INTO room (name, key, capital_key, shown_key, topic, kind, made_by)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id"""
GET_ROOM_BY_ID = f"SELECT {_ROOM} FROM room WHERE id = ?"  # noqa: S608 - a piece of our own
GET_ROOM_BY_KEY = f"SELECT {_ROOM} FROM room WHERE key = ?"  # noqa: S608 - a piece of our own
GET_ROOM_BY_NAME = f"SELECT {_ROOM} FROM room WHERE name = ?"  # noqa: S608 - a piece of our own
LIST_ROOMS = f"""SELECT {_ROOM}, (SELECT count(*) FROM member WHERE room_id = room.id), mine.role
    FROM room LEFT JOIN member AS mine ON mine.room_id = room.id AND mine.account_id = ?
    WHERE key > ? AND (kind = 'public' OR mine.role IS NOT NULL) ORDER BY key LIMIT ?"""  # noqa: S608 - as above
ROOMS_OF = f"""SELECT {_ROOM}, role FROM member JOIN room ON room.id = member.room_id
    WHERE account_id = ? AND kind <> 'private' ORDER BY key"""  # noqa: S608 - as above
#: Rooms that an account made or owns, but one. Those that are closed have no key, as conversations.
COUNT_ROOMS_OF = """WITH asked (account, owner, other) AS (VALUES (?, ?, ?))
    SELECT count(*) FROM asked, room WHERE key IS NOT NULL AND room.id IS NOT other AND room.id IN (
        SELECT id FROM room WHERE made_by = account
        UNION SELECT room_id FROM member WHERE account_id = account AND role = owner)"""
#: The name of a room that is closed is none that a room can have, and its audit goes with it.
CLOSE_ROOM = """UPDATE room SET name = name || ':' || id, key = NULL, capital_key = NULL, shown_key = NULL
    WHERE id = ? RETURNING name"""
MOVE_DEEDS = "UPDATE deed SET room = ? WHERE room = ?"
REMOVE_INVITATIONS = "DELETE FROM invitation WHERE room_id = ?"
REMOVE_SANCTIONS = "DELETE FROM sanction WHERE room_id = ?"
#: Deeds that concern nobody but who did them.
REMOVE_OWN_DEEDS = "DELETE FROM deed WHERE room = ? AND whom = ''"
REMOVE_ROOM = "DELETE FROM room WHERE id = ?"
SET_TOPIC = "UPDATE room SET topic = ? WHERE id = ?"
GET_ROLES = "SELECT account_id, role FROM member WHERE room_id = ?"
GET_ROLE = "SELECT role FROM member WHERE room_id = ? AND account_id = ?"
SET_ROLE = """INSERT INTO member (room_id, account_id, role, at) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET role = excluded.role"""
REMOVE_MEMBER = "DELETE FROM member WHERE room_id = ? AND account_id = ?"
ADD_SANCTION = """INSERT OR REPLACE INTO sanction (room_id, account_id, kind, until, reason, by_name, at)
    VALUES (?, ?, ?, ?, ?, ?, ?)"""
REMOVE_SANCTION = "DELETE FROM sanction WHERE room_id = ? AND account_id = ? AND kind = ?"
GET_SANCTIONS = """SELECT account_id, kind, until, reason, by_name, at FROM sanction
    WHERE room_id = ? AND (until IS NULL OR until > ?) ORDER BY at, account_id, kind"""
ADD_INVITATION = "INSERT OR REPLACE INTO invitation (room_id, account_id, by_name, at) VALUES (?, ?, ?, ?)"
REMOVE_INVITATION = "DELETE FROM invitation WHERE room_id = ? AND account_id = ?"
GET_INVITED = "SELECT account_id FROM invitation WHERE room_id = ?"
NAMES_IN_ROOM = """WITH asked (room, now) AS (VALUES (?, ?))
    SELECT id, name FROM account WHERE id IN (
    SELECT account_id FROM member WHERE room_id = (SELECT room FROM asked)
    UNION SELECT account_id FROM sanction
        WHERE room_id = (SELECT room FROM asked) AND (until IS NULL OR until > (SELECT now FROM asked))
    UNION SELECT account_id FROM invitation WHERE room_id = (SELECT room FROM asked))"""
CONVERSATIONS = """SELECT peer.id, peer.name, message.seq, message.said_at FROM member AS mine
    JOIN room ON room.id = mine.room_id AND kind = 'private'
    JOIN member AS other ON other.room_id = room.id AND other.account_id <> mine.account_id
    JOIN account AS peer ON peer.id = other.account_id
    JOIN message ON message.room_id = room.id AND message.seq = (
        SELECT seq FROM message AS latest
        WHERE latest.room_id = room.id AND (hidden = 0 OR latest.account_id = mine.account_id)
        ORDER BY seq DESC LIMIT 1)
    WHERE mine.account_id = ? ORDER BY message.said_at DESC, room.id DESC LIMIT ?"""

ADD_BAN = "INSERT OR REPLACE INTO ban (account_id, source, until, reason, at) VALUES (?, ?, ?, ?, ?)"
REMOVE_BAN = "DELETE FROM ban WHERE account_id = ? OR source = ?"
GET_BANS = """SELECT account_id, source, until, reason, at FROM ban
    WHERE until IS NULL OR until > ? ORDER BY id"""
ADD_DEED = "INSERT INTO deed (at, what, whom, detail, room, by_name) VALUES (?, ?, ?, ?, ?, ?)"
GET_DEEDS = """SELECT id, at, what, whom, detail, by_name FROM deed
    WHERE room = ? AND id < ? ORDER BY id DESC LIMIT ?"""

#: What is kept of an account: two numbers that order the rows lead each.
OWN_ACCOUNT = """SELECT id, 0, name, created_at, password IS NOT NULL FROM account
    WHERE id = ? AND (id, 0) > (?, ?) LIMIT ?"""
OWN_SESSIONS = """SELECT id, 0, at FROM session WHERE account_id = ? AND (id, 0) > (?, ?)
    ORDER BY id LIMIT ?"""
OWN_MEMBERSHIPS = """SELECT room_id, 0, room.name, role, at FROM member JOIN room ON room.id = room_id
    WHERE account_id = ? AND kind <> 'private' AND (room_id, 0) > (?, ?) ORDER BY room_id LIMIT ?"""
OWN_ROOMS = "SELECT id, 0, name FROM room WHERE made_by = ? AND (id, 0) > (?, ?) ORDER BY id LIMIT ?"
OWN_SANCTIONS = """SELECT room_id, sanction.kind = 'mute' AS is_mute, room.name, sanction.kind, until, reason,
    by_name, at FROM sanction JOIN room ON room.id = room_id
    WHERE account_id = ? AND (room_id, is_mute) > (?, ?) ORDER BY room_id, is_mute LIMIT ?"""
OWN_BANS = """SELECT id, 0, '', 'ban', until, reason, '', at FROM ban
    WHERE account_id = ? AND (id, 0) > (?, ?) LIMIT ?"""
OWN_INVITATIONS = """SELECT room_id, 0, room.name, by_name, at FROM invitation JOIN room ON room.id = room_id
    WHERE account_id = ? AND (room_id, 0) > (?, ?) ORDER BY room_id LIMIT ?"""
OWN_BLOCKS = """SELECT blocked_id, 0, account.name, at FROM block JOIN account ON account.id = blocked_id
    WHERE account_id = ? AND (blocked_id, 0) > (?, ?) ORDER BY blocked_id LIMIT ?"""
OWN_MESSAGES = """SELECT room_id, seq, room.name, kind, seq, said_at, text, '', ''
    FROM message CROSS JOIN room ON room.id = room_id
    WHERE account_id = ? AND kind <> 'private' AND (room_id, seq) > (?, ?) ORDER BY room_id, seq LIMIT ?"""
OWN_CONVERSATIONS = """SELECT message.room_id, seq, room.name, kind, seq, said_at, text,
    author.name, other.name FROM member AS mine
    JOIN room ON room.id = mine.room_id AND kind = 'private'
    JOIN message ON message.room_id = mine.room_id JOIN account AS author ON author.id = message.account_id
    JOIN member AS peer ON peer.room_id = room.id AND peer.account_id <> message.account_id
    JOIN account AS other ON other.id = peer.account_id
    WHERE mine.account_id = ? AND (mine.room_id, seq) > (?, ?)
    AND (hidden = 0 OR message.account_id = mine.account_id) ORDER BY mine.room_id, seq LIMIT ?"""
#: From before the account was made there can be deeds of another one that had its name. Without a key it
#: shares its name with strangers, whose rooms are none of its business.
OWN_DEEDS = """SELECT deed.id, 0, at, what, whom, detail, room, by_name FROM account
    JOIN deed ON (whom = name OR by_name = name) AND at >= created_at AND account.key IS NOT NULL
    WHERE account.id = ? AND (deed.id, 0) > (?, ?) ORDER BY deed.id LIMIT ?"""


class Rekeyed(NamedTuple):
    """A table whose names get other keys: those to do, all keys of one, and each alone."""

    named: str
    set_all: str
    set_one: tuple[str, ...]


MARK_ACCOUNTS = "UPDATE account SET key = ' ' || id WHERE key IS NOT NULL"
UNMARK_ACCOUNTS = "UPDATE account SET key = NULL WHERE key GLOB ' *'"
REKEYED = (
    Rekeyed(
        "SELECT id, name FROM account WHERE id > ? AND key IS NOT NULL ORDER BY id LIMIT ?",
        "UPDATE OR IGNORE account SET key = ?, capital_key = ?, shown_key = ? WHERE id = ?",
        (
            "UPDATE OR IGNORE account SET key = ? WHERE id = ?",
            "UPDATE OR IGNORE account SET capital_key = ? WHERE id = ?",
            "UPDATE OR IGNORE account SET shown_key = ? WHERE id = ?",
        ),
    ),
    Rekeyed(
        "SELECT id, name FROM room WHERE id > ? AND key IS NULL ORDER BY id LIMIT ?",
        "UPDATE OR IGNORE room SET key = ?, capital_key = ?, shown_key = ? WHERE id = ?",
        (
            "UPDATE OR IGNORE room SET key = ? WHERE id = ?",
            "UPDATE OR IGNORE room SET capital_key = ? WHERE id = ?",
            "UPDATE OR IGNORE room SET shown_key = ? WHERE id = ?",
        ),
    ),
)

COUNTS = {table: f"SELECT count(*) FROM {table}" for table in ROWS}  # noqa: S608 - names of our own

ATTACH_SOURCE = "ATTACH ? AS source"
DETACH_SOURCE = "DETACH source"
BEGIN_READING = "BEGIN"
COPY_ROWS = {table: f"INSERT INTO main.{table} SELECT * FROM source.{table}" for table in ROWS}  # noqa: S608
COPY_MESSAGES = """INSERT INTO main.message SELECT * FROM source.message
    WHERE room_id = ? AND seq > ? AND seq <= ?"""
LAST_MESSAGES = """SELECT id, coalesce((SELECT max(seq) FROM source.message WHERE room_id = room.id), 0)
    FROM source.room ORDER BY id"""
#: What building a schema left in it, before a copy comes in its place.
CLEAR_BUILT = ("DELETE FROM schema_version", "DELETE FROM room")

MAKE_MANIFEST = """CREATE TABLE manifest (
    name TEXT PRIMARY KEY,
    row_count INTEGER NOT NULL,
    sha256 TEXT NOT NULL
)"""
ADD_TO_MANIFEST = "INSERT INTO manifest (name, row_count, sha256) VALUES (?, ?, ?)"
GET_MANIFEST = "SELECT name, row_count, sha256 FROM manifest"
DROP_MANIFEST = "DROP TABLE manifest"
