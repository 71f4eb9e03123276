-- The last seq of each aggregate; it only grows, so the events of an aggregate have no gap.
CREATE TABLE outbox_heads (
    aggregate_type TEXT COLLATE "C" NOT NULL,
    aggregate_id TEXT COLLATE "C" NOT NULL,
    last_seq BIGINT NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id)
);

-- One row an event, written in the transaction of its change.
CREATE TABLE outbox (
    aggregate_type TEXT COLLATE "C" NOT NULL,
    aggregate_id TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL UNIQUE,
    type TEXT COLLATE "C" NOT NULL,
    schema_version BIGINT NOT NULL,
    body TEXT NOT NULL,
    traceparent TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, seq)
);

-- What each applied mutation came to, for whoever asks the same again.
CREATE TABLE idempotency (
    caller TEXT COLLATE "C" NOT NULL,
    mutation TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    input_hash TEXT NOT NULL,
    result TEXT,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (caller, mutation, key)
);

CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
