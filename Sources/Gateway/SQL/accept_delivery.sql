-- Stores a delivery and those of its events that were never seen: event_keys_pkey decides. Keys are inserted in
-- order, so that two deliveries with the same events wait for each other instead of deadlocking.
-- $1 connection, $2 tenant, $3 content type, $4 body; $5… one element an event: key, kind, object type, object id,
-- lead key (null: nobody yet), occurred at, why it is ignored (null: it is not), the event as JSON.
WITH incoming AS (
    SELECT DISTINCT ON (key) *
    FROM unnest(
        $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::text[], $12::text[]
    ) WITH ORDINALITY AS event (key, kind, object_type, object_id, lead_key, occurred_at, ignored, body, position)
    ORDER BY key, position
), fresh AS (
    INSERT INTO event_keys (connection_id, key)
    SELECT $1, key FROM incoming ORDER BY key
    ON CONFLICT DO NOTHING
    RETURNING key
), delivery AS (
    INSERT INTO deliveries (connection_id, content_type, body, events, duplicates)
    SELECT $1, $3, $4, cardinality($5::text[]), cardinality($5::text[]) - count(*) FROM fresh
    RETURNING id
), stored AS (
    INSERT INTO events (
        tenant_id, connection_id, delivery_id, kind, object_type, object_id, lead_key, occurred_at, ignored, body)
    SELECT $2, $1, delivery.id, kind, object_type, object_id, lead_key, occurred_at, ignored, body::jsonb
    FROM incoming JOIN fresh USING (key) CROSS JOIN delivery
    ORDER BY position
    RETURNING id, ignored, object_type, object_id, lead_key
)
SELECT id, ignored IS NULL, coalesce(lead_key, object_type || ':' || object_id) FROM stored ORDER BY id
