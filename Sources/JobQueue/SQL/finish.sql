-- Indexes: jobs_pkey.
--
-- $1 ids, $2 their tokens, $3 outcome, $4 reason or NULL.
--
-- Returns the tokens that held; a job whose token does not is not touched.
WITH finished AS (
    DELETE FROM jobs USING unnest($1::bigint[], $2::bigint[]) AS held (id, token)
    WHERE jobs.id = held.id AND jobs.token = held.token
    RETURNING jobs.*
),
recorded AS (
    INSERT INTO job_history (
        job_id, stage, tenant_id, connection_id, lane, outcome, attempts, reason, payload, enqueued_at
    )
    SELECT id, stage, tenant_id, connection_id, lane, $3, attempt, $4, payload, enqueued_at FROM finished
)
SELECT token FROM finished
