-- What was made for a lead: generations_by_lead.
SELECT id, event_id, playbook, playbook_version, kind, stage, arm, state, model, adapter, slots::text, milliseconds,
    planned_at, generated_at, content::text
FROM generations WHERE lead_id = $1 ORDER BY planned_at
