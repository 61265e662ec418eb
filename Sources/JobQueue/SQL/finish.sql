-- Indexes: jobs_pkey.
--
-- $1 lanes, $2 tokens of the claims that hold their jobs, $3 outcome, $4 reason or NULL.
--
-- Ends the jobs with no other behind them and returns them; a job that is not held is not touched. advance.sql ends the
-- rest. Lanes are locked in order, as in enqueue.sql.
WITH ended AS (
    DELETE FROM jobs
    USING (SELECT * FROM unnest($1::bigint[], $2::bigint[]) AS mine (lane, token) ORDER BY lane) AS mine
    WHERE jobs.lane = mine.lane AND jobs.token = mine.token AND behind = 0
    RETURNING jobs.*
),
recorded AS (
    INSERT INTO job_history (
        job_id, enqueued_at, tenant_id, connection_id, lane, attempts, stage, outcome, reason, payload
    )
    SELECT id, enqueued_at, tenant_id, connection_id, lane, attempt, stage, $3, $4, payload FROM ended
)
SELECT lane, token FROM ended
