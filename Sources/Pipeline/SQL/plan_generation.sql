-- Decides on a message; the same event decides once: generations_event_id_lead_id_playbook_key.
INSERT INTO generations (
    tenant_id, connection_id, lead_id, event_id, playbook, playbook_version, kind, stage, arm, seed, record,
    valid_until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12)
ON CONFLICT (event_id, lead_id, playbook) DO NOTHING
RETURNING id
