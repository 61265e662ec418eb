-- Indexes: jobs_pkey.
--
-- $1 id, $2 token, $3 reason.
--
-- The worker's name stays for the story. A dead job no longer holds up its lane.
UPDATE jobs SET state = 'dead', reason = $3, token = NULL, leased_until = NULL
WHERE id = $1 AND token = $2
RETURNING id
