-- Whoever may log in. The hash of the password stays in this table.
CREATE TABLE users (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    username_key TEXT COLLATE "C" NOT NULL UNIQUE,
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT COLLATE "C" NOT NULL,
    roles TEXT COLLATE "C" NOT NULL,
    password_hash TEXT NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX users_in_order ON users (name_key, id);

-- The keys that tokens are signed with: the newest signs, all are published.
CREATE TABLE signing_keys (
    number BIGINT NOT NULL PRIMARY KEY,
    private_key BYTEA NOT NULL,
    created_at BIGINT NOT NULL
);
