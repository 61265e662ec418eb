-- Indexes: jobs_pkey, jobs_behind_pkey, dead_jobs_by_lane, job_history_by_lane, leases_pkey, dead_jobs_pkey.
--
-- $1 lanes by name.
--
-- All that is known of the jobs of some lanes. One that ended as a dead letter and is none any more was brought back under
-- another id.
WITH lanes AS MATERIALIZED (
    SELECT hashtextextended(name, 0) AS lane FROM unnest($1::text[]) AS named (name)
)
SELECT id, tenant_id, connection_id, job.stage, state, since, enqueued_at, attempts, reason, payload, worker
FROM job_states AS job LEFT JOIN leases USING (token)
WHERE lane = ANY (ARRAY(SELECT lane FROM lanes))
UNION ALL
SELECT job_id, tenant_id, connection_id, stage, CASE WHEN outcome = 'dead' THEN 'redriven' ELSE outcome END, finished_at,
       enqueued_at, attempts, reason, payload, NULL
FROM job_history
WHERE lane = ANY (ARRAY(SELECT lane FROM lanes))
    AND NOT (outcome = 'dead' AND EXISTS (SELECT FROM dead_jobs WHERE dead_jobs.id = job_id))
ORDER BY id
