-- The processes that run on this database, each with the release of its program and when it was last seen.
CREATE TABLE processes (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    release TEXT NOT NULL,
    seen_at BIGINT NOT NULL
);
