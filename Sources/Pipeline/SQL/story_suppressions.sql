-- What a lead did not get, by its events: suppressions_event_id_lead_id_playbook_key.
SELECT id, event_id, playbook, reason, detail, stage, at FROM suppressions WHERE event_id = ANY($1) AND lead_id = $2
