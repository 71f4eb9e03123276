-- Sagas that services did something for, and that are not known here; how often each was missed.
CREATE TABLE missed (
    saga TEXT NOT NULL PRIMARY KEY,
    times INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Up to which saga each service was asked whether it did something for one that is not known here.
CREATE TABLE compared (
    service TEXT NOT NULL PRIMARY KEY,
    saga TEXT NOT NULL
) STRICT, WITHOUT ROWID;
