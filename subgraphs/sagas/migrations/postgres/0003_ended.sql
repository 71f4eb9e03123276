-- Sagas that have ended, by when: they are forgotten in that order.
CREATE INDEX sagas_ended ON sagas (updated_at) WHERE phase IN ('COMPLETED', 'COMPENSATED');
