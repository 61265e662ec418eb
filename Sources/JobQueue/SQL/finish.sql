-- Indexes: jobs_pkey.
--
-- $1 lanes, $2 tokens of the claims that hold their jobs, $3 outcome, $4 reason or NULL.
--
-- Returns the jobs that were still held, and whether others of their lane wait; promote.sql brings those up. A job that
-- is not held is not touched. Lanes are locked in order, as in enqueue.sql.
WITH held AS MATERIALIZED (
    SELECT jobs.*
    FROM unnest($1::bigint[], $2::bigint[]) AS mine (lane, token)
    JOIN jobs ON jobs.lane = mine.lane AND jobs.token = mine.token
    ORDER BY jobs.lane
    FOR UPDATE OF jobs
),
ended AS (
    DELETE FROM jobs USING held WHERE jobs.lane = held.lane AND held.behind = 0
),
recorded AS (
    INSERT INTO job_history (
        job_id, enqueued_at, tenant_id, connection_id, lane, attempts, stage, outcome, reason, payload
    )
    SELECT id, enqueued_at, tenant_id, connection_id, lane, attempt, stage, $3, $4, payload FROM held
)
SELECT lane, token, behind > 0 FROM held
