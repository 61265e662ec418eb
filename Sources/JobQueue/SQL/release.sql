-- Indexes: jobs_pkey.
--
-- $1 ids, $2 their tokens.
UPDATE jobs
SET state = 'ready', attempt = attempt - 1, token = NULL, leased_until = NULL, worker = NULL
FROM unnest($1::bigint[], $2::bigint[]) AS held (id, token)
WHERE jobs.id = held.id AND jobs.token = held.token
