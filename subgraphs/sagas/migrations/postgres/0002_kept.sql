-- What a saga's services take from here because no message may hold it, until the saga has settled.
CREATE TABLE kept (
    saga TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    body TEXT NOT NULL
);
