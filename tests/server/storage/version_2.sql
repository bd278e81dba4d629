BEGIN TRANSACTION;
CREATE TABLE account (
        id INTEGER PRIMARY KEY,
        epithet TEXT NOT NULL,
        nick TEXT NOT NULL,
        name TEXT NOT NULL,
        key TEXT UNIQUE,
        token_hash BLOB NOT NULL UNIQUE,
        created_at INTEGER NOT NULL
    );
INSERT INTO "account" VALUES(1,'Brave','Вася','Brave Вася','key 0',X'5FECEB66FFC86F38D952786C6D696C79C2DBC239DD4E91B46729D73A27FB57E9',1795354216250);
INSERT INTO "account" VALUES(2,'Able','O''Neil','Able O''Neil','key 1',X'6B86B273FF34FCE19D6B804EFF5A3F5747ADA4EAA22F1D49C01E52DDB7875B4B',1795354217250);
INSERT INTO "account" VALUES(3,'Calm','','Calm ',NULL,X'1B16B1DF538BA12DC3F97EDBB85CAA7050D46C148134290FEBA80F8236C83DB9',1795354218250);
CREATE TABLE ban (
        id INTEGER PRIMARY KEY,
        account_id INTEGER UNIQUE REFERENCES account (id),
        source TEXT UNIQUE,
        until INTEGER,
        reason TEXT NOT NULL,
        at INTEGER NOT NULL,
        CHECK ((account_id IS NULL) <> (source IS NULL))
    );
INSERT INTO "ban" VALUES(1,2,NULL,1795361416250,'flooding',1795354216250);
INSERT INTO "ban" VALUES(2,NULL,'192.0.2.7',NULL,'',1795354217250);
CREATE TABLE deed (
        id INTEGER PRIMARY KEY,
        at INTEGER NOT NULL,
        what TEXT NOT NULL,
        whom TEXT NOT NULL,
        detail TEXT NOT NULL
    );
INSERT INTO "deed" VALUES(1,1795354216250,'ban','Able O''Neil','for 2 h: flooding');
INSERT INTO "deed" VALUES(2,1795354217250,'ban','192.0.2.7','');
CREATE TABLE message (
        room_id INTEGER NOT NULL REFERENCES room (id),
        seq INTEGER NOT NULL,
        account_id INTEGER NOT NULL REFERENCES account (id),
        text TEXT NOT NULL,
        said_at INTEGER NOT NULL,
        PRIMARY KEY (room_id, seq)
    ) WITHOUT ROWID;
INSERT INTO "message" VALUES(1,1,1,'привет',1795354219250);
INSERT INTO "message" VALUES(1,2,2,'привет',1795354223250);
INSERT INTO "message" VALUES(1,3,3,'привет',1795354227250);
INSERT INTO "message" VALUES(2,1,2,'two
lines',1795354220250);
INSERT INTO "message" VALUES(2,2,3,'it''s; --',1795354221250);
INSERT INTO "message" VALUES(2,3,1,'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',1795354222250);
INSERT INTO "message" VALUES(2,4,3,'two
lines',1795354224250);
INSERT INTO "message" VALUES(2,5,1,'it''s; --',1795354225250);
INSERT INTO "message" VALUES(2,6,2,'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',1795354226250);
INSERT INTO "message" VALUES(2,7,1,'two
lines',1795354228250);
INSERT INTO "message" VALUES(2,8,2,'it''s; --',1795354229250);
INSERT INTO "message" VALUES(2,9,3,'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',1795354230250);
CREATE TABLE room (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE
    );
INSERT INTO "room" VALUES(1,'random');
INSERT INTO "room" VALUES(2,'general');
CREATE TABLE schema_version (version INTEGER NOT NULL);
INSERT INTO "schema_version" VALUES(1);
INSERT INTO "schema_version" VALUES(2);
COMMIT;
