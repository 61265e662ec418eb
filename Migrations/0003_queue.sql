-- The queue. `jobs` holds live work only, so that it stays small and its rows stay hot; a finished job leaves it for
-- `job_history`, append-only in weekly partitions.

CREATE TABLE jobs (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stage         text NOT NULL,
    tenant_id     bigint NOT NULL,
    connection_id bigint NOT NULL,
    lane          bigint NOT NULL,
    priority      smallint NOT NULL DEFAULT 0,
    state         text NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'running', 'dead')),
    run_at        timestamptz NOT NULL DEFAULT now(),
    valid_until   timestamptz,
    attempt       smallint NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    max_attempts  smallint NOT NULL DEFAULT 12 CHECK (max_attempts > 0),
    token         bigint,
    leased_until  timestamptz,
    worker        text,
    payload       jsonb NOT NULL,
    reason        text,
    enqueued_at   timestamptz NOT NULL DEFAULT now(),
    -- Whoever holds a job holds a token and a lease, and nobody else does.
    CONSTRAINT jobs_lease CHECK (
        (state = 'running') = (token IS NOT NULL) AND (token IS NULL) = (leased_until IS NULL)
    )
) WITH (
    fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0
);
COMMENT ON COLUMN jobs.stage IS 'What is to be done: understand, generate, write.';
COMMENT ON COLUMN jobs.lane IS 'Jobs of one lane run one after the other in the order of their ids; lanes never wait for each other.';
COMMENT ON COLUMN jobs.token IS 'Drawn anew by every claim; only its holder may finish the job.';
COMMENT ON COLUMN jobs.reason IS 'Why it waits or is dead.';

-- What is due, in the order of the claim; running and dead jobs are not in it.
CREATE INDEX jobs_ready ON jobs (stage, priority DESC, run_at, id) WHERE state = 'ready';
-- The head of a lane. A dead job is not in it, so it does not hold its lane up.
CREATE INDEX jobs_lane ON jobs (lane, id) WHERE state IN ('ready', 'running');
-- Leases that ran out.
CREATE INDEX jobs_leased ON jobs (leased_until) WHERE state = 'running';
-- Dead letters, newest first.
CREATE INDEX jobs_dead ON jobs (tenant_id, id DESC) WHERE state = 'dead';

-- Tokens only have to differ, so each session may take a hundred at a time.
CREATE SEQUENCE job_tokens AS bigint CACHE 100;

CREATE TABLE job_history (
    job_id        bigint NOT NULL,
    finished_at   timestamptz NOT NULL DEFAULT now(),
    stage         text NOT NULL,
    tenant_id     bigint NOT NULL,
    connection_id bigint NOT NULL,
    lane          bigint NOT NULL,
    outcome       text NOT NULL,
    attempts      smallint NOT NULL,
    reason        text,
    payload       jsonb NOT NULL,
    enqueued_at   timestamptz NOT NULL,
    PRIMARY KEY (job_id, finished_at)
) PARTITION BY RANGE (finished_at);
-- The story of one lead, in order.
CREATE INDEX job_history_by_lane ON job_history (lane, job_id);
COMMENT ON COLUMN job_history.outcome IS 'done, dropped (stale or no longer wanted).';
