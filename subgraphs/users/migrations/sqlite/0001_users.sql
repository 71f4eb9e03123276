-- Whoever may log in. The hash of the password stays in this table.
CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    username_key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    roles TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX users_in_order ON users (name_key, id);

-- The keys that tokens are signed with: the newest signs, all are published.
CREATE TABLE signing_keys (
    number INTEGER NOT NULL PRIMARY KEY,
    private_key BLOB NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
