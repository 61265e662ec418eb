-- Ends a generation that is not written: generations_pkey.
UPDATE generations SET state = $2 WHERE id = $1 AND state <> 'written'
