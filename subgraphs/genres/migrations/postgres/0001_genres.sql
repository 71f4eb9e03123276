CREATE TABLE genres (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL UNIQUE,
    state TEXT NOT NULL,
    version BIGINT NOT NULL
);

CREATE INDEX genres_in_order ON genres (name_key, id);
