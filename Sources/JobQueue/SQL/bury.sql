-- Indexes: jobs_pkey.
--
-- $1 lanes, $2 tokens of the claims that hold their jobs, $3 reason.
--
-- Keeps jobs that are about to be ended as dead letters.
INSERT INTO dead_jobs (
    id, stage, tenant_id, connection_id, lane, priority, valid_until, attempts, max_attempts, reason, payload, enqueued_at
)
SELECT id, stage, tenant_id, connection_id, jobs.lane, priority, valid_until, attempt, max_attempts, $3, payload,
       enqueued_at
FROM unnest($1::bigint[], $2::bigint[]) AS mine (lane, token)
JOIN jobs ON jobs.lane = mine.lane AND jobs.token = mine.token
