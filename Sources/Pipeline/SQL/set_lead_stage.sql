-- The stage as last read from the CRM: leads_pkey.
UPDATE leads SET stage = $2, updated_at = now() WHERE id = $1 AND stage IS DISTINCT FROM $2
