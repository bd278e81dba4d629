"""Every SQL text of the search index, by name."""

from minechat.server.storage.statements import BEGIN, COMMIT, DISTRUST, ROLLBACK

__all__ = ["BEGIN", "COMMIT", "DISTRUST", "ROLLBACK"]

PRAGMAS = (
    DISTRUST,
    # One process and one connection: no file is shared, so there is none of what would be shared.
    "PRAGMA locking_mode = EXCLUSIVE",
    "PRAGMA journal_mode = WAL",
    # What a power failure takes away is indexed again; what is left is of one moment.
    "PRAGMA synchronous = NORMAL",
)
SCHEMA = (
    "CREATE TABLE rule (name TEXT NOT NULL)",
    # How far each room is indexed, and what its last message was.
    "CREATE TABLE indexed (room_id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, digest BLOB NOT NULL)",
    """CREATE TABLE place (
        id INTEGER PRIMARY KEY,
        room_id INTEGER NOT NULL,
        seq INTEGER NOT NULL,
        hidden_by INTEGER
    )""",
    # It keeps no text. Words come cut apart: for what is beyond ASCII only blanks end one here.
    """CREATE VIRTUAL TABLE word USING fts5 (
        text, content = '', columnsize = 0, detail = none, prefix = '1 2 3',
        tokenize = "ascii tokenchars '_@'"
    )""",
)
GET_RULE = "SELECT name FROM rule"
SET_RULE = "INSERT INTO rule (name) VALUES (?)"
GET_INDEXED = "SELECT room_id, seq, digest FROM indexed"
SET_INDEXED = "INSERT OR REPLACE INTO indexed (room_id, seq, digest) VALUES (?, ?, ?)"
LAST_PLACE = "SELECT max(id) FROM place WHERE id BETWEEN ? AND ?"
ADD_PLACE = "INSERT INTO place (id, room_id, seq, hidden_by) VALUES (?, ?, ?, ?)"
ADD_WORDS = "INSERT INTO word (rowid, text) VALUES (?, ?)"
#: The rooms stand in the question only where they are few; here they always do.
FIND = """SELECT place.id, room_id, seq FROM word CROSS JOIN place ON place.id = word.rowid
    WHERE word MATCH ? AND word.rowid < ? AND room_id IN (SELECT value FROM json_each(?))
    AND (hidden_by IS NULL OR hidden_by = ?) ORDER BY word.rowid DESC LIMIT ?"""

#: Of the database.
ROOM_ENDS = "SELECT id, (SELECT coalesce(max(seq), 0) FROM message WHERE room_id = room.id) FROM room"
ROOM_END = """SELECT id, (SELECT coalesce(max(seq), 0) FROM message WHERE room_id = room.id)
    FROM room WHERE name = ?"""
GET_PAGE = """SELECT seq, account_id, text, said_at, hidden FROM message
    WHERE room_id = ? AND seq > ? ORDER BY seq LIMIT ?"""
GET_ONE = "SELECT seq, account_id, text, said_at, hidden FROM message WHERE room_id = ? AND seq = ?"
