-- The last author number; it only grows, so a number is never used again.
CREATE TABLE author_counter (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    last BIGINT NOT NULL
);

INSERT INTO author_counter (id, last) VALUES (1, 0);

CREATE TABLE authors (
    author_number BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
    bio TEXT NOT NULL,
    photo TEXT,
    version BIGINT NOT NULL
);

CREATE INDEX authors_in_order ON authors (name_key, author_number);
