"""Every SQL text, by name."""

SCHEMA_VERSION = 1

SCHEMA = (
    "CREATE TABLE schema_version (version INTEGER NOT NULL)",
    """CREATE TABLE room (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
    )""",
    """CREATE TABLE account (
        id INTEGER PRIMARY KEY,
        epithet TEXT NOT NULL,
        nick TEXT NOT NULL,
        name TEXT NOT NULL,
        key TEXT UNIQUE,
        token_hash BLOB NOT NULL UNIQUE,
        created_at INTEGER NOT NULL
    )""",
    """CREATE TABLE message (
        room_id INTEGER NOT NULL REFERENCES room (id),
        seq INTEGER NOT NULL,
        account_id INTEGER NOT NULL REFERENCES account (id),
        text TEXT NOT NULL,
        said_at INTEGER NOT NULL,
        PRIMARY KEY (room_id, seq)
    ) WITHOUT ROWID""",
)
SET_SCHEMA_VERSION = "INSERT INTO schema_version (version) VALUES (?)"
GET_SCHEMA_VERSION = "SELECT max(version) FROM schema_version"

#: Settings of the connection (https://sqlite.org/pragma.html).
PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",
    # Errors of an automatic checkpoint go unheard, so the writer makes its own.
    "PRAGMA wal_autocheckpoint = 0",
    "PRAGMA trusted_schema = OFF",
)
USE_WAL = "PRAGMA journal_mode = WAL"
QUICK_CHECK = "PRAGMA quick_check(1)"
CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)"

BEGIN = "BEGIN IMMEDIATE"
COMMIT = "COMMIT"
ROLLBACK = "ROLLBACK"
SAVE = "SAVEPOINT operation"
RELEASE = "RELEASE operation"
UNDO = "ROLLBACK TO operation"

ADD_ROOM = "INSERT INTO room (name) VALUES (?) ON CONFLICT DO NOTHING"
GET_ROOM = "SELECT id FROM room WHERE name = ?"
LAST_SEQ = "SELECT coalesce(max(seq), 0) FROM message WHERE room_id = ?"
ADD_MESSAGE = "INSERT INTO message (room_id, seq, account_id, text, said_at) VALUES (?, ?, ?, ?, ?)"

ADD_ACCOUNT = """INSERT INTO account (epithet, nick, name, key, token_hash, created_at)
    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id"""
GET_ACCOUNT = "SELECT id, name FROM account WHERE token_hash = ?"
