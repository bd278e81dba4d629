"""Every SQL text, by name."""

#: What makes the schema, one version after the other; a version that was released is never changed.
VERSION_1 = (
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
VERSION_2 = (
    """CREATE TABLE ban (
        id INTEGER PRIMARY KEY,
        account_id INTEGER UNIQUE REFERENCES account (id),
        source TEXT UNIQUE,
        until INTEGER,
        reason TEXT NOT NULL,
        at INTEGER NOT NULL,
        CHECK ((account_id IS NULL) <> (source IS NULL))
    )""",
    """CREATE TABLE deed (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        what TEXT NOT NULL,
        whom TEXT NOT NULL,
        detail TEXT NOT NULL
    )""",
)
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
#: Whether the names and the tokens are found by their indexes; the quick check leaves that out.
CHECK_ACCOUNTS = "PRAGMA integrity_check(account)"
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

ADD_ROOM = "INSERT INTO room (name) VALUES (?) ON CONFLICT DO NOTHING"
GET_ROOM = "SELECT id FROM room WHERE name = ?"
LAST_SEQ = "SELECT coalesce(max(seq), 0) FROM message WHERE room_id = ?"
ADD_MESSAGE = "INSERT INTO message (room_id, seq, account_id, text, said_at) VALUES (?, ?, ?, ?, ?)"

ADD_ACCOUNT = """INSERT INTO account (epithet, nick, name, key, token_hash, created_at)
    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id"""
GET_ACCOUNT = "SELECT id, name FROM account WHERE token_hash = ?"
GET_ACCOUNT_BY_ID = "SELECT id, name FROM account WHERE id = ?"
GET_ACCOUNT_BY_KEY = "SELECT id, name FROM account WHERE key = ?"
GET_ACCOUNT_BY_NAME = "SELECT id, name FROM account WHERE name = ? AND key IS NOT NULL"
LIST_ACCOUNTS = """WITH page AS (SELECT id, name, created_at FROM account WHERE id > ? ORDER BY id LIMIT ?)
    SELECT page.id, page.name, page.created_at, said.last, coalesce(said.messages, 0)
    FROM page LEFT JOIN (
        SELECT account_id, max(said_at) AS last, count(*) AS messages FROM message
        WHERE account_id BETWEEN (SELECT min(id) FROM page) AND (SELECT max(id) FROM page)
        GROUP BY account_id
    ) AS said ON said.account_id = page.id
    ORDER BY page.id"""
SET_TOKEN = "UPDATE account SET token_hash = ? WHERE id = ?"  # noqa: S105 - no secret
SET_NAME = "UPDATE OR IGNORE account SET epithet = ?, nick = ?, name = ?, key = ? WHERE id = ?"

ADD_BAN = "INSERT OR REPLACE INTO ban (account_id, source, until, reason, at) VALUES (?, ?, ?, ?, ?)"
REMOVE_BAN = "DELETE FROM ban WHERE account_id = ? OR source = ?"
GET_BANS = """SELECT account_id, source, until, reason, at FROM ban
    WHERE until IS NULL OR until > ? ORDER BY id"""
ADD_DEED = "INSERT INTO deed (at, what, whom, detail) VALUES (?, ?, ?, ?)"
GET_DEEDS = "SELECT at, what, whom, detail FROM deed ORDER BY id DESC LIMIT ?"

#: Every row of a table, always in the same order.
ROWS = {
    "schema_version": "SELECT version FROM schema_version ORDER BY version",
    "room": "SELECT id, name FROM room ORDER BY id",
    "account": "SELECT id, epithet, nick, name, key, token_hash, created_at FROM account ORDER BY id",
    "message": "SELECT room_id, seq, account_id, text, said_at FROM message ORDER BY room_id, seq",
    "ban": "SELECT id, account_id, source, until, reason, at FROM ban ORDER BY id",
    "deed": "SELECT id, at, what, whom, detail FROM deed ORDER BY id",
}
COUNTS = {table: f"SELECT count(*) FROM {table}" for table in ROWS}  # noqa: S608 - names of our own

ATTACH_SOURCE = "ATTACH ? AS source"
DETACH_SOURCE = "DETACH source"
BEGIN_READING = "BEGIN"
COPY_ROWS = {table: f"INSERT INTO main.{table} SELECT * FROM source.{table}" for table in ROWS}  # noqa: S608
COPY_MESSAGES = """INSERT INTO main.message SELECT * FROM source.message
    WHERE room_id = ? AND seq > ? AND seq <= ?"""
LAST_MESSAGES = """SELECT id, coalesce((SELECT max(seq) FROM source.message WHERE room_id = room.id), 0)
    FROM source.room ORDER BY id"""
CLEAR_VERSIONS = "DELETE FROM schema_version"

MAKE_MANIFEST = """CREATE TABLE manifest (
    name TEXT PRIMARY KEY,
    row_count INTEGER NOT NULL,
    sha256 TEXT NOT NULL
)"""
ADD_TO_MANIFEST = "INSERT INTO manifest (name, row_count, sha256) VALUES (?, ?, ?)"
GET_MANIFEST = "SELECT name, row_count, sha256 FROM manifest"
DROP_MANIFEST = "DROP TABLE manifest"
