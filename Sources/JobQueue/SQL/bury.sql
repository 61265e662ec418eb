-- Indexes: leases_pkey, jobs_pkey.
--
-- $1 lane, $2 id of a job, $3 its turn, $4 what this attempt counts, $5 token of the lease that holds it, $6 reason.
--
-- Keeps a job that is about to be ended as a dead letter.
INSERT INTO dead_jobs (
    id, stage, tenant_id, connection_id, lane, priority, valid_until, attempts, max_attempts, reason, payload, enqueued_at
)
SELECT id, stage, tenant_id, connection_id, lane, priority, valid_until, attempt + $4::smallint, max_attempts, $6, payload,
       enqueued_at
FROM jobs
WHERE lane = $1 AND id = $2 AND turn = $3 AND EXISTS (SELECT FROM leases WHERE token = $5 AND leases.jobs <> '{}')
