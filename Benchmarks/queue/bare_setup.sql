CREATE TABLE IF NOT EXISTS bare (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, state text NOT NULL DEFAULT 'ready', payload jsonb NOT NULL);
CREATE INDEX IF NOT EXISTS bare_ready ON bare (id) WHERE state = 'ready';
TRUNCATE bare;
CREATE TABLE IF NOT EXISTS bare_history (
    id bigint PRIMARY KEY, finished_at timestamptz NOT NULL DEFAULT now(), payload jsonb NOT NULL);
TRUNCATE bare_history;
