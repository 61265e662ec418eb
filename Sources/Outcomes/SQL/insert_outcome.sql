-- outcomes_event_id_lead_id_key makes an event count once.
INSERT INTO outcomes (tenant_id, lead_id, event_id, kind, occurred_at, generation_id, attributed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (event_id, lead_id) DO NOTHING
RETURNING id;
