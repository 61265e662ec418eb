CREATE TABLE IF NOT EXISTS bare (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state text NOT NULL DEFAULT 'ready', payload jsonb NOT NULL);
CREATE INDEX IF NOT EXISTS bare_ready ON bare (id) WHERE state = 'ready';
TRUNCATE bare;
