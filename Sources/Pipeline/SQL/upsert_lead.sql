-- The lead of an event, made when it is met for the first time: leads_key_key.
-- $6 are fields that the event told us; $7 is when it opted out, if this event says so; an earlier opt-out stays. $8 is the
-- stage as the CRM shows it now, if $9.
INSERT INTO leads (tenant_id, connection_id, key, object_type, object_id, fields, opted_out_at, stage)
VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7, $8)
ON CONFLICT (key) DO UPDATE SET
    -- Nothing comes back of a person who was erased, not by a merge either.
    fields = CASE WHEN leads.erased_at IS NULL THEN leads.fields || EXCLUDED.fields ELSE '{}' END,
    opted_out_at = coalesce(leads.opted_out_at, EXCLUDED.opted_out_at),
    stage = CASE WHEN $9 AND leads.erased_at IS NULL THEN EXCLUDED.stage ELSE leads.stage END,
    updated_at = now()
RETURNING id, fields::text, opted_out_at, erased_at, merged_into
