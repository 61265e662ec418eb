-- What a lead did, by its events: outcomes_event_id_lead_id_key.
SELECT id, kind, occurred_at, generation_id, attributed_by, recorded_at
FROM outcomes WHERE event_id = ANY($1) AND lead_id = $2
