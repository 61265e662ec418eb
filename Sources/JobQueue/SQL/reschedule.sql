-- Indexes: jobs_pkey.
--
-- $1 lanes, $2 tokens of the claims that hold their jobs, $3 seconds from now, $4 attempts to refund, $5 reason or NULL to
-- leave the last one, $6 now or NULL for the database's clock. Returns the jobs that were still held.
UPDATE jobs
SET turn = NULL, token = NULL, run_at = coalesce($6::timestamptz, statement_timestamp()) + make_interval(secs => $3),
    attempt = attempt - $4::smallint, reason = coalesce($5, reason)
FROM unnest($1::bigint[], $2::bigint[]) AS mine (lane, token)
WHERE jobs.lane = mine.lane AND jobs.token = mine.token
RETURNING jobs.lane, mine.token
