-- Whether a user may do anything.
ALTER TABLE users ADD COLUMN state TEXT NOT NULL DEFAULT 'ACTIVE';

-- What a student gave beside the account, until the saga has settled that registers both. Its id is the saga's.
CREATE TABLE registrations (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL UNIQUE,
    particulars TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Usernames that are never used again, as digests under the key below.
CREATE TABLE erased_usernames (
    digest TEXT NOT NULL PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE erasure_keys (
    number INTEGER NOT NULL PRIMARY KEY,
    secret BLOB NOT NULL
) STRICT;
