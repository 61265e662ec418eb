-- When a lead was erased of which only a hash is left: erasures_pkey. $1 connections, $2 hashes, one element a guess.
SELECT max(erased_at)
FROM unnest($1::bigint[], $2::bytea[]) AS asked (connection_id, lead_hash)
JOIN erasures USING (connection_id, lead_hash)
