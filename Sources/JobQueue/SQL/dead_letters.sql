-- Indexes: dead_jobs_by_tenant for one tenant, else none: it reads the dead letters once.
--
-- $1 tenant or NULL, $2 stage or NULL.
SELECT stage, reason_pattern(reason) AS pattern, count(*), min(died_at) AS first, max(died_at) AS last,
       max(id) AS example
FROM dead_jobs
WHERE ($1::bigint IS NULL OR tenant_id = $1) AND ($2::text IS NULL OR stage = $2)
GROUP BY stage, pattern
ORDER BY count(*) DESC, stage, pattern
