-- Whether a user may do anything.
ALTER TABLE users ADD COLUMN state TEXT COLLATE "C" NOT NULL DEFAULT 'ACTIVE';

-- What a student gave beside the account, until the saga has settled that registers both. Its id is the saga's.
CREATE TABLE registrations (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C" NOT NULL UNIQUE,
    particulars TEXT NOT NULL
);

-- Usernames that are never used again, as digests under the key below.
CREATE TABLE erased_usernames (
    digest TEXT COLLATE "C" NOT NULL PRIMARY KEY
);

CREATE TABLE erasure_keys (
    number BIGINT NOT NULL PRIMARY KEY,
    secret BYTEA NOT NULL
);
