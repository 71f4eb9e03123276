-- A book. Its genre is a reference into another service: it may not be there yet, or no longer.
CREATE TABLE books (
    isbn TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    title_key TEXT NOT NULL,
    description TEXT,
    genre_id TEXT,
    photo TEXT,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX books_by_title ON books (title_key, isbn);
CREATE INDEX books_by_genre ON books (genre_id, title_key, isbn);

-- Its authors, in the order of the title page; each is a reference into another service.
CREATE TABLE book_authors (
    isbn TEXT NOT NULL REFERENCES books (isbn) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    author_number INTEGER NOT NULL,
    PRIMARY KEY (isbn, position),
    UNIQUE (author_number, isbn)
) STRICT, WITHOUT ROWID;
