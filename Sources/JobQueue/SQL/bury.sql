-- Indexes: jobs_pkey.
--
-- $1 lanes, $2 tokens of the claims that hold their jobs, $3 reason.
--
-- Like finish.sql, but what it ends goes to the dead letters. A dead job does not hold up its lane.
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
    INSERT INTO dead_jobs (
        id, stage, tenant_id, connection_id, lane, priority, valid_until, attempts, max_attempts, reason, payload,
        enqueued_at
    )
    SELECT id, stage, tenant_id, connection_id, lane, priority, valid_until, attempt, max_attempts, $3, payload,
           enqueued_at
    FROM held
)
SELECT lane, token, behind > 0 FROM held
