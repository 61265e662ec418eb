-- Indexes: jobs_pkey.
--
-- $1 id, $2 token, $3 seconds from now, $4 attempts to refund, $5 reason, $6 now or NULL for the database's clock.
UPDATE jobs
SET state = 'ready', run_at = coalesce($6::timestamptz, statement_timestamp()) + make_interval(secs => $3),
    attempt = attempt - $4::smallint, reason = $5, token = NULL, leased_until = NULL, worker = NULL
WHERE id = $1 AND token = $2
RETURNING id
