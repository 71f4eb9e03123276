-- What became of each step that a saga asked of this service: done and with what, refused and why, undone, or
-- a tombstone, so that nothing happens twice and nothing happens after its undo.
CREATE TABLE saga_steps (
    saga TEXT NOT NULL,
    step TEXT NOT NULL,
    state TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (saga, step)
) STRICT, WITHOUT ROWID;

-- Which sagas under way hold on to something.
CREATE TABLE claims (
    target TEXT NOT NULL,
    claim TEXT NOT NULL,
    PRIMARY KEY (target, claim)
) STRICT, WITHOUT ROWID;
