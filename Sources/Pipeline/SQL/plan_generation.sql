-- Decides on a message, unless this playbook already made something for the lead in this stage after the event happened
-- ($13); the same event decides once: generations_by_lead, generations_event_id_lead_id_playbook_key.
-- Tells whether it was made already, and the plan's id if it is new.
WITH made AS MATERIALIZED (
    SELECT EXISTS (
        SELECT FROM generations
        WHERE lead_id = $3 AND playbook = $5 AND stage = $8 AND planned_at >= $13 AND state <> 'failed') AS is_made
), planned AS (
    INSERT INTO generations (
        tenant_id, connection_id, lead_id, event_id, playbook, playbook_version, kind, stage, arm, seed, record,
        valid_until)
    SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12 FROM made WHERE NOT is_made
    ON CONFLICT (event_id, lead_id, playbook) DO NOTHING
    RETURNING id
)
SELECT is_made, (SELECT id FROM planned) FROM made
