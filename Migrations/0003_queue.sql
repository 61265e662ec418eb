-- The queue. A lane is the queue's name for "jobs that run one after the other": one for each lead. The tables that
-- change are small, and none of their rows outlives its work:
--
--   jobs         the first job of every lane that has any; a claim looks at nothing else
--   jobs_behind  the jobs that wait for an earlier one of their lane
--   leases       one row for each claim: who holds which jobs, and until when
--   dead_jobs    what needs a person
--   job_history  what ended, append-only in weekly partitions that retention drops whole

CREATE SEQUENCE job_ids AS bigint;

CREATE TABLE jobs (
    lane          bigint PRIMARY KEY,
    id            bigint NOT NULL,
    turn          bigint,
    tenant_id     bigint NOT NULL,
    connection_id bigint NOT NULL,
    run_at        timestamptz NOT NULL,
    valid_until   timestamptz,
    enqueued_at   timestamptz NOT NULL,
    behind        integer NOT NULL DEFAULT 0 CHECK (behind >= 0),
    priority      smallint NOT NULL CHECK (priority BETWEEN -1 AND 1),
    attempt       smallint NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    max_attempts  smallint NOT NULL CHECK (max_attempts > 0),
    stage         text NOT NULL,
    payload       jsonb NOT NULL,
    reason        text
) WITH (
    -- Most rows are written once and deleted. What is enqueued behind one changes no indexed column of it.
    fillfactor = 90, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0
);
COMMENT ON COLUMN jobs.stage IS 'What is to be done: understand, generate, write.';
COMMENT ON COLUMN jobs.turn IS 'Its place among the jobs of its stage and priority, drawn by queue_turns; null while it waits for run_at.';
COMMENT ON COLUMN jobs.attempt IS 'Attempts that ended. One that runs is counted when it does.';
COMMENT ON COLUMN jobs.behind IS 'How many jobs of the lane wait in jobs_behind.';
COMMENT ON COLUMN jobs.reason IS 'Why it was set back last.';

-- What can be taken and what is held, in the order of the claim. Claims begin behind what is held.
CREATE INDEX jobs_ready ON jobs (stage, priority, turn, id) WHERE turn IS NOT NULL;
-- A tenant's last turn in a stage and priority. Not by the turn itself: then jobs_ready, which has turns in order too, would be
-- a way to it, and while the table is small or unknown it looks as short. By jobs_ready an enqueue passes all other tenants'
-- jobs for each of its own.
CREATE INDEX jobs_by_tenant ON jobs (tenant_id, stage, priority, (coalesce(turn, 0)));
-- What waits for its time.
CREATE INDEX jobs_waiting ON jobs (stage, run_at) WHERE turn IS NULL;

CREATE TABLE jobs_behind (
    lane          bigint NOT NULL,
    id            bigint NOT NULL,
    tenant_id     bigint NOT NULL,
    connection_id bigint NOT NULL,
    run_at        timestamptz NOT NULL,
    valid_until   timestamptz,
    enqueued_at   timestamptz NOT NULL,
    priority      smallint NOT NULL,
    max_attempts  smallint NOT NULL,
    stage         text NOT NULL,
    payload       jsonb NOT NULL,
    PRIMARY KEY (lane, id)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE leases (
    token        bigint PRIMARY KEY,
    stage        text NOT NULL,
    priority     smallint NOT NULL,
    turn         bigint NOT NULL,
    leased_until timestamptz NOT NULL,
    worker       text NOT NULL,
    lanes        bigint[] NOT NULL,
    jobs         bigint[] NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0);
-- No statistics: of the two or three rows alive they would say that the table lies in the index's order, and the planner
-- would then read the whole table, which is dead rows as long as someone holds a snapshot. Without, it takes the index.
ALTER TABLE leases ALTER token SET STATISTICS 0, ALTER stage SET STATISTICS 0, ALTER priority SET STATISTICS 0,
    ALTER turn SET STATISTICS 0, ALTER leased_until SET STATISTICS 0;
COMMENT ON TABLE leases IS 'A job of jobs is held while a lease names it; only its holder may end it or set it back.';
COMMENT ON COLUMN leases.jobs IS 'What it took and did not set back, also what has ended since; lanes has their lanes.';
COMMENT ON COLUMN leases.turn IS 'The last turn it took; the highest of a stage and priority is their clock, and its row stays.';
-- The clock of a stage and priority.
CREATE INDEX leases_clock ON leases (stage, priority, turn);
-- Leases that ran out.
CREATE INDEX leases_ended ON leases (leased_until);

CREATE TABLE dead_jobs (
    id            bigint PRIMARY KEY,
    died_at       timestamptz NOT NULL DEFAULT now(),
    stage         text NOT NULL,
    tenant_id     bigint NOT NULL,
    connection_id bigint NOT NULL,
    lane          bigint NOT NULL,
    priority      smallint NOT NULL,
    valid_until   timestamptz,
    attempts      smallint NOT NULL,
    max_attempts  smallint NOT NULL,
    reason        text NOT NULL,
    payload       jsonb NOT NULL,
    enqueued_at   timestamptz NOT NULL
);
-- A tenant's dead letters, newest first.
CREATE INDEX dead_jobs_by_tenant ON dead_jobs (tenant_id, id DESC);
-- The story of one lead.
CREATE INDEX dead_jobs_by_lane ON dead_jobs (lane, id);

CREATE TABLE job_history (
    job_id        bigint NOT NULL,
    finished_at   timestamptz NOT NULL DEFAULT now(),
    enqueued_at   timestamptz NOT NULL,
    tenant_id     bigint NOT NULL,
    connection_id bigint NOT NULL,
    lane          bigint NOT NULL,
    attempts      smallint NOT NULL,
    stage         text NOT NULL,
    outcome       text NOT NULL,
    reason        text,
    payload       jsonb NOT NULL
) PARTITION BY RANGE (finished_at);
-- The story of one lead. A B-tree over lanes costs a third of what ending a job does, and only people ask for stories: a Bloom
-- filter for each 32 pages is made by autovacuum, behind whoever appends, and finds a lane among 3 million jobs in 15 ms.
CREATE INDEX job_history_by_lane ON job_history
    USING brin (lane int8_bloom_ops (n_distinct_per_range = 2000, false_positive_rate = 0.01))
    WITH (pages_per_range = 32, autosummarize = on);
COMMENT ON COLUMN job_history.outcome IS 'done, dropped (stale or no longer wanted), dead (it is in dead_jobs, or was).';

-- Turns are start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996) with tenants as flows: a job's turn lies one
-- step behind the last of its tenant, or behind the clock when the tenant has none waiting, and a step is the shorter
-- the more weight the tenant has. Whoever floods the queue only moves its own last turn away.
--
-- Indexes: leases_clock, jobs_by_tenant, tenants_pkey.
CREATE FUNCTION queue_turns(of_stage text, of_priority smallint, of_tenant bigint)
-- A set of one row, so that the planner puts it into the statements that call it.
RETURNS TABLE (last_turn bigint, step bigint) LANGUAGE sql STABLE AS $$
    SELECT coalesce(
            (SELECT turn FROM jobs
             WHERE tenant_id = of_tenant AND stage = of_stage AND priority = of_priority AND coalesce(turn, 0) > clock
             ORDER BY coalesce(turn, 0) DESC LIMIT 1),
            clock),
        1000000 / coalesce((SELECT weight FROM tenants WHERE id = of_tenant), 1)
    FROM (
        SELECT coalesce(
            (SELECT turn FROM leases WHERE stage = of_stage AND priority = of_priority ORDER BY turn DESC LIMIT 1),
            0) AS clock
    ) AS now
$$;
COMMENT ON FUNCTION queue_turns IS 'The n-th new job of a tenant has the turn last_turn + n * step.';

-- What operators stopped. A null means "any".
CREATE TABLE queue_pauses (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id bigint REFERENCES tenants,
    system    text CHECK (system IN ('hubspot', 'salesforce', 'zapier')),
    stage     text,
    paused_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE NULLS NOT DISTINCT (tenant_id, system, stage)
);

-- The calls to CRMs, in rows that are never updated: one that changed with each claim and each answer of a CRM would grow
-- a chain of versions under a held snapshot, for each claim to walk. What is read lies at the index's end.
--
-- A row for each reservation of calls, and for each time the CRM said how many are left. The newest of a connection stays.
CREATE TABLE call_ledger (
    connection_id bigint NOT NULL,
    at            timestamptz NOT NULL,
    calls         integer NOT NULL,
    calls_so_far  bigint NOT NULL,
    observation   bigint NOT NULL,
    PRIMARY KEY (connection_id, at, calls_so_far, observation)
);
-- As with leases.
ALTER TABLE call_ledger ALTER connection_id SET STATISTICS 0, ALTER at SET STATISTICS 0,
    ALTER calls_so_far SET STATISTICS 0, ALTER observation SET STATISTICS 0;
COMMENT ON COLUMN call_ledger.calls_so_far IS 'Those of this row and of all before it; what was reserved since any time is the difference of two rows.';
COMMENT ON COLUMN call_ledger.observation IS 'The limits in call_limits that hold by then.';

-- What a CRM said about a connection's rate limits: at each observation all that are known by then. Only those of the
-- newest stay.
CREATE TABLE call_limits (
    connection_id bigint NOT NULL,
    observation   bigint NOT NULL,
    name          text NOT NULL,
    calls         integer NOT NULL,
    seconds       double precision NOT NULL CHECK (seconds > 0),
    remaining     integer NOT NULL,
    observed_at   timestamptz NOT NULL,
    reserved      bigint NOT NULL,
    noted_at      timestamptz NOT NULL,
    PRIMARY KEY (connection_id, observation, name)
);
ALTER TABLE call_limits ALTER connection_id SET STATISTICS 0, ALTER observation SET STATISTICS 0,
    ALTER name SET STATISTICS 0;
COMMENT ON COLUMN call_limits.calls IS 'Allowed in any stretch of `seconds`; `remaining` of them were left when the CRM said so.';
COMMENT ON COLUMN call_limits.noted_at IS 'When the observation came here, by the database''s clock; observed_at is by the worker''s.';
COMMENT ON COLUMN call_limits.reserved IS 'How many calls had been reserved before the second in which the CRM said so.';

-- The limits of a connection, each with the calls that it leaves and how long to wait when it leaves none; and the newest
-- row of the ledger. No row for a connection of which no limit is known. What was reserved in the second of an observation
-- counts as if it came after it; for a limit that looks back further than a minute, only what the CRM said counts.
--
-- Indexes: call_ledger_pkey, call_limits_pkey.
CREATE FUNCTION calls_left(of_connection bigint, moment timestamptz)
RETURNS TABLE (
    name text, available bigint, park_seconds double precision, calls integer, seconds double precision,
    observed_at timestamptz, observation bigint, calls_so_far bigint, last_at timestamptz
) LANGUAGE sql STABLE AS $$
    SELECT call_limits.name,
        least(
            CASE WHEN call_limits.seconds <= 60
                THEN call_limits.calls - coalesce(last.calls_so_far - (
                    SELECT first.calls_so_far - first.calls FROM call_ledger AS first
                    WHERE connection_id = of_connection AND at > moment - make_interval(secs => call_limits.seconds)
                    ORDER BY at, first.calls_so_far, first.observation LIMIT 1), 0)
            END,
            CASE WHEN call_limits.observed_at + make_interval(secs => call_limits.seconds) <= moment
                THEN call_limits.calls
                ELSE call_limits.remaining - (last.calls_so_far - call_limits.reserved)
            END),
        greatest(least(call_limits.seconds / 10, 300), 0.2), call_limits.calls, call_limits.seconds,
        call_limits.observed_at, last.observation, last.calls_so_far, last.at
    FROM (
            SELECT at, newest.calls_so_far, newest.observation FROM call_ledger AS newest
            WHERE connection_id = of_connection
            ORDER BY at DESC, newest.calls_so_far DESC, newest.observation DESC LIMIT 1
        ) AS last,
        LATERAL (
            -- Looked up for each connection: OFFSET keeps the planner from reading the table once for all of them, whose few
            -- rows alive lie among thousands of dead ones under a held snapshot.
            SELECT * FROM call_limits
            WHERE connection_id = of_connection AND call_limits.observation = last.observation
            OFFSET 0
        ) AS call_limits
$$;

-- Every job that has not ended, and what became of it so far, in the words of operators. `since` is when it was or will
-- be due; for a dead one, when it died; for one that is paused, when it was enqueued.
CREATE VIEW job_states AS
    SELECT id, lane, tenant_id, connection_id, stage,
           CASE WHEN token IS NOT NULL THEN 'running' WHEN turn IS NOT NULL THEN 'ready'
               WHEN run_at = 'infinity' THEN 'paused' ELSE 'waiting' END AS state,
           CASE WHEN run_at = 'infinity' THEN enqueued_at ELSE run_at END AS since,
           enqueued_at, attempt + (token IS NOT NULL)::integer AS attempts, token, reason, payload
    FROM jobs LEFT JOIN (SELECT token, unnest(jobs) AS id FROM leases) AS held USING (id)
    UNION ALL
    SELECT id, lane, tenant_id, connection_id, stage, 'behind', run_at, enqueued_at, 0, NULL, NULL, payload
    FROM jobs_behind
    UNION ALL
    SELECT id, lane, tenant_id, connection_id, stage, 'dead', died_at, enqueued_at, attempts, NULL, reason, payload
    FROM dead_jobs;

-- A reason without what differs from job to job, so that reasons can be counted: UUIDs, long words that hold a digit
-- (record ids, digests) and numbers.
CREATE FUNCTION reason_pattern(reason text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT regexp_replace(
        regexp_replace(
            reason, '\m([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(?=[[:alpha:]]*[0-9])[[:alnum:]]{12,})\M', '…', 'gi'),
        '[0-9]+([-.:, +][0-9]+)*', '…', 'g')
$$;
