-- A book. Its genre is a reference into another service: it may not be there yet, or no longer.
CREATE TABLE books (
    isbn TEXT COLLATE "C" PRIMARY KEY,
    title TEXT NOT NULL,
    title_key TEXT COLLATE "C" NOT NULL,
    description TEXT,
    genre_id TEXT COLLATE "C",
    photo TEXT,
    version BIGINT NOT NULL
);

CREATE INDEX books_by_title ON books (title_key, isbn);
CREATE INDEX books_by_genre ON books (genre_id, title_key, isbn);

-- Its authors, in the order of the title page; each is a reference into another service.
CREATE TABLE book_authors (
    isbn TEXT COLLATE "C" NOT NULL REFERENCES books (isbn) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    author_number BIGINT NOT NULL,
    PRIMARY KEY (isbn, position),
    UNIQUE (author_number, isbn)
);
