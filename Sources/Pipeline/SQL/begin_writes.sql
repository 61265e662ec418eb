-- Marks that calls are about to be made, and tells which intents were tried before: write_backs_pkey.
UPDATE write_backs SET attempts = attempts + 1
WHERE generation_id = ANY($1) AND state IN ('intended', 'written')
RETURNING generation_id, attempts
