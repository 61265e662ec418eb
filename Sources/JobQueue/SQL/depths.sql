-- Indexes: none; it reads the live tables once, which hold no finished job.
--
-- $1 now or NULL for the database's clock.
--
-- Nothing is overdue that is to run later, so its age is 0.
SELECT stage, state, count(*),
       greatest(0, extract(epoch FROM coalesce($1::timestamptz, statement_timestamp()) - min(since)))::float8
FROM (
    SELECT stage, run_at AS since,
           CASE WHEN token IS NOT NULL THEN 'running' WHEN turn IS NOT NULL THEN 'ready' ELSE 'waiting' END AS state
    FROM jobs
    UNION ALL
    SELECT stage, run_at, 'behind' FROM jobs_behind
    UNION ALL
    SELECT stage, died_at, 'dead' FROM dead_jobs
) AS job
GROUP BY stage, state
ORDER BY stage, state
