-- The last author number; it only grows, so a number is never used again.
CREATE TABLE author_counter (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    last INTEGER NOT NULL
) STRICT;

INSERT INTO author_counter (id, last) VALUES (1, 0);

CREATE TABLE authors (
    author_number INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    bio TEXT NOT NULL,
    photo TEXT,
    version INTEGER NOT NULL
) STRICT;

CREATE INDEX authors_in_order ON authors (name_key, author_number);
