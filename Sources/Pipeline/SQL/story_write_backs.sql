-- Where some generations were written: write_backs_pkey.
SELECT generation_id, target, state, location, reason, attempts, coalesce(proven_at, written_at, intended_at)
FROM write_backs WHERE generation_id = ANY($1)
