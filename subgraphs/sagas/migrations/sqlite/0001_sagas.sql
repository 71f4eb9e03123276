-- A row a saga: as it stands, when something of it is due, and what it is found by.
CREATE TABLE sagas (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    phase TEXT NOT NULL,
    due_at INTEGER,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sagas_due ON sagas (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX sagas_by_phase ON sagas (phase, created_at, id);
CREATE INDEX sagas_newest ON sagas (created_at, id);
