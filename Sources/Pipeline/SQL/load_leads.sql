-- What we know of some leads before asking their CRM: leads_key_key.
SELECT key, id, fields::text, opted_out_at, erased_at FROM leads WHERE key = ANY($1)
