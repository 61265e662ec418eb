-- Indexes: none; it goes to the rows' places.
--
-- $1 places where the claim left its jobs, $2 its tokens, one for each place, $3 outcome, $4 reason or NULL.
--
-- Ends the jobs that are still there, still held, and have no other behind them, and returns them. advance.sql looks for
-- the rest by their lanes: those with others behind have moved, because enqueueing to a lane changes its row.
WITH ended AS (
    DELETE FROM jobs
    USING unnest($1::tid[], $2::bigint[]) AS mine (place, token)
    WHERE jobs.ctid = mine.place AND jobs.ctid = ANY ($1::tid[]) AND jobs.token = mine.token AND behind = 0
    RETURNING jobs.*
),
recorded AS (
    INSERT INTO job_history (
        job_id, enqueued_at, tenant_id, connection_id, lane, attempts, stage, outcome, reason, payload
    )
    SELECT id, enqueued_at, tenant_id, connection_id, lane, attempt, stage, $3, $4, payload FROM ended
)
SELECT lane, token FROM ended
