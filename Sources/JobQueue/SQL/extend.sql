-- Indexes: leases_pkey.
--
-- $1 tokens, $2 lease in seconds, $3 now or NULL for the database's clock. Returns the tokens that hold.
UPDATE leases
SET leased_until = coalesce($3::timestamptz, statement_timestamp()) + make_interval(secs => $2)
WHERE token = ANY($1::bigint[]) AND jobs <> '{}'
RETURNING token
