-- Indexes: none; it reads the live table once, which holds no finished job.
--
-- $1 now or NULL for the database's clock.
--
-- Nothing is overdue that is to run later, so its age is 0.
SELECT stage, state, count(*),
       greatest(0, extract(epoch FROM coalesce($1::timestamptz, statement_timestamp()) - min(run_at)))::float8
FROM jobs
GROUP BY stage, state
ORDER BY stage, state
