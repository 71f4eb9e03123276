-- Where an event goes, if not to the service's own topic, and when it was written by this database's clock.
ALTER TABLE outbox ADD COLUMN topic TEXT COLLATE "C";
ALTER TABLE outbox ADD COLUMN recorded_at BIGINT NOT NULL DEFAULT 0;
UPDATE outbox SET recorded_at = created_at;

-- What the relay knows of each aggregate: the first event that has not left, since when it waits, who sends it
-- until when, and why it cannot be sent. What has left stays in `outbox` as the archive.
ALTER TABLE outbox_heads ADD COLUMN next_seq BIGINT NOT NULL DEFAULT 1;
ALTER TABLE outbox_heads ADD COLUMN waiting_since BIGINT;
ALTER TABLE outbox_heads ADD COLUMN lease_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox_heads ADD COLUMN fence BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox_heads ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;
ALTER TABLE outbox_heads ADD COLUMN stuck TEXT;
UPDATE outbox_heads SET waiting_since = (
    SELECT o.recorded_at FROM outbox o
    WHERE o.aggregate_type = outbox_heads.aggregate_type AND o.aggregate_id = outbox_heads.aggregate_id
      AND o.seq = 1
);
CREATE INDEX outbox_heads_waiting ON outbox_heads (waiting_since) WHERE waiting_since IS NOT NULL;

-- One row a source that a consumer hears: how far it has loaded the source's state.
CREATE TABLE inbox_sources (
    consumer TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    cursor TEXT COLLATE "C",
    loaded_at BIGINT,
    PRIMARY KEY (consumer, source)
);

-- One row a sequence of events: the last one applied, since when the next one waits to be applied (ready) or
-- later ones wait for it (parked), and why it cannot be applied.
CREATE TABLE inbox_streams (
    consumer TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    stream TEXT COLLATE "C" NOT NULL,
    last_seq BIGINT NOT NULL DEFAULT 0,
    ready_since BIGINT,
    parked_since BIGINT,
    attempts BIGINT NOT NULL DEFAULT 0,
    next_try_at BIGINT NOT NULL DEFAULT 0,
    dead TEXT,
    dead_since BIGINT,
    applied_at BIGINT,
    PRIMARY KEY (consumer, source, stream)
);
CREATE INDEX inbox_streams_ready ON inbox_streams (consumer, ready_since) WHERE ready_since IS NOT NULL;
CREATE INDEX inbox_streams_parked ON inbox_streams (consumer, parked_since) WHERE parked_since IS NOT NULL;
CREATE INDEX inbox_streams_dead ON inbox_streams (consumer, dead_since) WHERE dead_since IS NOT NULL;

-- Events that have come and are not applied.
CREATE TABLE inbox (
    consumer TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    stream TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    body TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (consumer, source, stream, seq)
);
