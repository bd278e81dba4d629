"""The schema, version by version, and how to read all of it; what was released is never changed."""

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
#: The keys of all names that are there already are made after these, by ``migrations``. The rooms that are
#: always there have those that ``keys_of`` makes.
VERSION_3 = (
    "ALTER TABLE account ADD COLUMN password TEXT",
    "ALTER TABLE room ADD COLUMN key TEXT",
    "ALTER TABLE room ADD COLUMN topic TEXT NOT NULL DEFAULT ''",
    """ALTER TABLE room ADD COLUMN kind TEXT NOT NULL DEFAULT 'public'
        CHECK (kind IN ('public', 'invite', 'private'))""",
    "ALTER TABLE room ADD COLUMN capital_key TEXT",
    "ALTER TABLE room ADD COLUMN shown_key TEXT",
    "ALTER TABLE room ADD COLUMN made_by INTEGER REFERENCES account (id)",
    "CREATE INDEX room_made_by ON room (made_by)",
    "CREATE UNIQUE INDEX room_key ON room (key)",
    "CREATE UNIQUE INDEX room_capital_key ON room (capital_key)",
    "CREATE UNIQUE INDEX room_shown_key ON room (shown_key)",
    """INSERT INTO room (name, key, capital_key, shown_key) VALUES
        ('general', 'genera1', 'GENERAL', 'genera1'),
        ('random', 'random', 'RAND0M', 'random'),
        ('tech', 'tech', 'TECH', 'tech')
        ON CONFLICT (name) DO UPDATE
        SET key = excluded.key, capital_key = excluded.capital_key, shown_key = excluded.shown_key""",
    "ALTER TABLE account ADD COLUMN capital_key TEXT",
    "ALTER TABLE account ADD COLUMN shown_key TEXT",
    "CREATE UNIQUE INDEX account_capital_key ON account (capital_key)",
    "CREATE UNIQUE INDEX account_shown_key ON account (shown_key)",
    "ALTER TABLE message ADD COLUMN key TEXT",
    "ALTER TABLE message ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0",
    "CREATE UNIQUE INDEX message_key ON message (account_id, key) WHERE key IS NOT NULL",
    "ALTER TABLE deed ADD COLUMN room TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE deed ADD COLUMN by_name TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX deed_room ON deed (room)",
    """CREATE TABLE session (
        id INTEGER PRIMARY KEY,
        account_id INTEGER NOT NULL REFERENCES account (id),
        hash BLOB NOT NULL UNIQUE,
        at INTEGER NOT NULL
    )""",
    "CREATE INDEX session_account ON session (account_id)",
    """CREATE TABLE member (
        room_id INTEGER NOT NULL REFERENCES room (id),
        account_id INTEGER NOT NULL REFERENCES account (id),
        role INTEGER NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (room_id, account_id)
    ) WITHOUT ROWID""",
    "CREATE INDEX member_account ON member (account_id)",
    """CREATE TABLE sanction (
        room_id INTEGER NOT NULL REFERENCES room (id),
        account_id INTEGER NOT NULL REFERENCES account (id),
        kind TEXT NOT NULL CHECK (kind IN ('mute', 'ban')),
        until INTEGER,
        reason TEXT NOT NULL,
        by_name TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (room_id, account_id, kind)
    ) WITHOUT ROWID""",
    "CREATE INDEX sanction_account ON sanction (account_id)",
    """CREATE TABLE invitation (
        room_id INTEGER NOT NULL REFERENCES room (id),
        account_id INTEGER NOT NULL REFERENCES account (id),
        by_name TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (room_id, account_id)
    ) WITHOUT ROWID""",
    "CREATE INDEX invitation_account ON invitation (account_id)",
    """CREATE TABLE block (
        account_id INTEGER NOT NULL REFERENCES account (id),
        blocked_id INTEGER NOT NULL REFERENCES account (id),
        at INTEGER NOT NULL,
        PRIMARY KEY (account_id, blocked_id)
    ) WITHOUT ROWID""",
)

#: Every row of a table, as a version made or changed it, always in the same order.
ROWS_1 = {
    "schema_version": "SELECT version FROM schema_version ORDER BY version",
    "room": "SELECT id, name FROM room ORDER BY id",
    "account": "SELECT id, epithet, nick, name, key, token_hash, created_at FROM account ORDER BY id",
    "message": "SELECT room_id, seq, account_id, text, said_at FROM message ORDER BY room_id, seq",
}
ROWS_2 = {
    "ban": "SELECT id, account_id, source, until, reason, at FROM ban ORDER BY id",
    "deed": "SELECT id, at, what, whom, detail FROM deed ORDER BY id",
}
ROWS_3 = {
    "room": "SELECT id, name, key, topic, kind, capital_key, shown_key, made_by FROM room ORDER BY id",
    "account": """SELECT id, epithet, nick, name, key, token_hash, created_at, password,
        capital_key, shown_key FROM account ORDER BY id""",
    "message": """SELECT room_id, seq, account_id, text, said_at, key, hidden
        FROM message ORDER BY room_id, seq""",
    "deed": "SELECT id, at, what, whom, detail, room, by_name FROM deed ORDER BY id",
    "session": "SELECT id, account_id, hash, at FROM session ORDER BY id",
    "member": "SELECT room_id, account_id, role, at FROM member ORDER BY room_id, account_id",
    "sanction": """SELECT room_id, account_id, kind, until, reason, by_name, at
        FROM sanction ORDER BY room_id, account_id, kind""",
    "invitation": "SELECT room_id, account_id, by_name, at FROM invitation ORDER BY room_id, account_id",
    "block": "SELECT account_id, blocked_id, at FROM block ORDER BY account_id, blocked_id",
}
#: Those of the newest version.
ROWS = {**ROWS_1, **ROWS_2, **ROWS_3}
