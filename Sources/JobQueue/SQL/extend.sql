-- Indexes: jobs_pkey.
--
-- $1 ids, $2 their tokens, $3 lease in seconds, $4 now or NULL for the database's clock. Returns the tokens that held.
UPDATE jobs
SET leased_until = coalesce($4::timestamptz, statement_timestamp()) + make_interval(secs => $3)
FROM unnest($1::bigint[], $2::bigint[]) AS held (id, token)
WHERE jobs.id = held.id AND jobs.token = held.token
RETURNING jobs.token
