-- A row a saga: as it stands, when something of it is due, and what it is found by.
CREATE TABLE sagas (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL,
    phase TEXT COLLATE "C" NOT NULL,
    due_at BIGINT,
    version BIGINT NOT NULL,
    body TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX sagas_due ON sagas (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX sagas_by_phase ON sagas (phase, created_at, id);
CREATE INDEX sagas_newest ON sagas (created_at, id);
