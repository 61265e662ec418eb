-- What was said about a lead, in order: events_by_lead.
SELECT id, received_at, tenant_id, connection_id, delivery_id, kind, object_type, object_id, occurred_at, ignored,
    body #>> '{details,merged_ids}' AS merged_ids, body::text
FROM events WHERE lead_key = $1 ORDER BY id
