-- Indexes: none; it reads the live tables once, which hold no finished job.
--
-- $1 now or NULL for the database's clock.
--
-- Nothing is overdue that is to run later, so its age is 0.
SELECT stage, state, count(*),
       greatest(0, extract(epoch FROM coalesce($1::timestamptz, statement_timestamp()) - min(since)))::float8
FROM job_states
GROUP BY stage, state
ORDER BY stage, state
