-- What a saga's services take from here because no message may hold it, until the saga has settled.
CREATE TABLE kept (
    saga TEXT NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
