-- The last number of each year; it only grows, so a number is never used again.
CREATE TABLE lending_counters (
    year BIGINT NOT NULL PRIMARY KEY,
    last BIGINT NOT NULL
);

CREATE TABLE lendings (
    number TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    isbn TEXT COLLATE "C" NOT NULL,
    title TEXT NOT NULL,
    student_number TEXT COLLATE "C" NOT NULL,
    lent_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    returned_at BIGINT
);

CREATE INDEX lendings_in_order ON lendings (lent_at, number);
CREATE INDEX lendings_of_student ON lendings (student_number, lent_at, number);
CREATE INDEX lendings_of_book ON lendings (isbn, lent_at, number);
CREATE INDEX lendings_open ON lendings (due_at, number) WHERE returned_at IS NULL;

-- What is known of others' things, from their events: one row for each, the last ones of those that are gone included.
CREATE TABLE known_books (
    isbn TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    gone BIGINT NOT NULL
);

CREATE TABLE known_students (
    student_number TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    user_id TEXT COLLATE "C"
);
