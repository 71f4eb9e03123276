-- The last seq of each aggregate; it only grows, so the events of an aggregate have no gap.
CREATE TABLE outbox_heads (
    aggregate_type TEXT NOT NULL,
    aggregate_id TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id)
) STRICT, WITHOUT ROWID;

-- One row an event, written in the transaction of its change.
CREATE TABLE outbox (
    aggregate_type TEXT NOT NULL,
    aggregate_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    event_id TEXT NOT NULL UNIQUE,
    type TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    body TEXT NOT NULL,
    traceparent TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, seq)
) STRICT, WITHOUT ROWID;

-- What each applied mutation came to, for whoever asks the same again.
CREATE TABLE idempotency (
    caller TEXT NOT NULL,
    mutation TEXT NOT NULL,
    key TEXT NOT NULL,
    input_hash TEXT NOT NULL,
    result TEXT,
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (caller, mutation, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
