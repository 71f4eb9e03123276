-- The last number of each year; it only grows, so a number is never used again.
CREATE TABLE lending_counters (
    year INTEGER NOT NULL PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT;

CREATE TABLE lendings (
    number TEXT NOT NULL PRIMARY KEY,
    isbn TEXT NOT NULL,
    title TEXT NOT NULL,
    student_number TEXT NOT NULL,
    lent_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    returned_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX lendings_in_order ON lendings (lent_at, number);
CREATE INDEX lendings_of_student ON lendings (student_number, lent_at, number);
CREATE INDEX lendings_of_book ON lendings (isbn, lent_at, number);
CREATE INDEX lendings_open ON lendings (due_at, number) WHERE returned_at IS NULL;

-- What is known of others' things, from their events: one row for each, the last ones of those that are gone included.
CREATE TABLE known_books (
    isbn TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    gone INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE known_students (
    student_number TEXT NOT NULL PRIMARY KEY,
    user_id TEXT
) STRICT, WITHOUT ROWID;
