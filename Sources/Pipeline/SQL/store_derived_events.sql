-- The events that one event turned out to be, once for each person: event_keys_pkey keeps them from coming twice.
-- $1 the source event; $2… one element an event: key, kind, object type, object id, lead key, occurred at, body.
WITH source AS (
    SELECT tenant_id, connection_id, delivery_id FROM events WHERE id = $1
), incoming AS (
    SELECT *
    FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::text[])
        AS event (key, kind, object_type, object_id, lead_key, occurred_at, body)
), fresh AS (
    INSERT INTO event_keys (connection_id, key)
    SELECT source.connection_id, incoming.key FROM incoming CROSS JOIN source ORDER BY incoming.key
    ON CONFLICT DO NOTHING
    RETURNING key
)
INSERT INTO events (tenant_id, connection_id, delivery_id, kind, object_type, object_id, lead_key, occurred_at, body)
SELECT source.tenant_id, source.connection_id, source.delivery_id, kind, object_type, object_id, lead_key,
    occurred_at, body::jsonb
FROM incoming JOIN fresh USING (key) CROSS JOIN source
RETURNING id, lead_key
