-- Points a merged lead to the survivor: leads_pkey.
UPDATE leads SET merged_into = $2, updated_at = now() WHERE id = $1 AND id <> $2
