-- Records a message that was due and is not made: suppressions_event_id_lead_id_playbook_key.
INSERT INTO suppressions (tenant_id, lead_id, event_id, playbook, reason, detail, stage)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (event_id, lead_id, playbook) DO NOTHING
