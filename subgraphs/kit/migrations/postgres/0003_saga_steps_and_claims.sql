-- What became of each step that a saga asked of this service: done and with what, refused and why, undone, or
-- a tombstone, so that nothing happens twice and nothing happens after its undo.
CREATE TABLE saga_steps (
    saga TEXT COLLATE "C" NOT NULL,
    step TEXT COLLATE "C" NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (saga, step)
);

-- Which sagas under way hold on to something.
CREATE TABLE claims (
    target TEXT COLLATE "C" NOT NULL,
    claim TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (target, claim)
);
