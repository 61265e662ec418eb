-- Stores deliveries and those of their events that were never seen: event_keys_pkey decides, and of several equal keys
-- in one call the first. Keys are inserted in order, so that two calls with the same events wait for each other instead
-- of deadlocking.
-- One element a delivery: $1 connection, $2 tenant, $3 content type, $4 body, $5 how many events it carries.
-- One element an event, in order of arrival: $6 its delivery's place in $1, from 1; $7 key, $8 kind, $9 object type,
-- $10 object id, $11 lead key (null: nobody yet), $12 occurred at, $13 why it is ignored (null: it is not), $14 the
-- event as JSON.
-- Returns each event that was new: its id, and its place in $6. Ids follow the order of arrival.
WITH arrived AS MATERIALIZED (
    -- Ids are drawn here and below, because RETURNING cannot say which row got which.
    SELECT nextval('deliveries_id_seq') AS delivery_id, delivery.*
    FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::bytea[], $5::integer[]) WITH ORDINALITY
        AS delivery (connection_id, tenant_id, content_type, body, events, delivery_place)
), incoming AS MATERIALIZED (
    SELECT DISTINCT ON (connection_id, key) delivery_id, connection_id, tenant_id, event.*
    FROM unnest(
        $6::bigint[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::text[],
        $14::text[]
    ) WITH ORDINALITY AS event (
        delivery_place, key, kind, object_type, object_id, lead_key, occurred_at, ignored, body, place)
    JOIN arrived USING (delivery_place)
    ORDER BY connection_id, key, place
), fresh AS (
    INSERT INTO event_keys (connection_id, key)
    SELECT connection_id, key FROM incoming ORDER BY connection_id, key
    ON CONFLICT DO NOTHING
    RETURNING connection_id, key
), accepted AS MATERIALIZED (
    SELECT nextval('events_id_seq') AS id, ordered.*
    FROM (SELECT incoming.* FROM incoming JOIN fresh USING (connection_id, key) ORDER BY place) AS ordered
), stored_deliveries AS (
    INSERT INTO deliveries (id, connection_id, content_type, body, events, duplicates) OVERRIDING SYSTEM VALUE
    SELECT delivery_id, connection_id, content_type, body, arrived.events, arrived.events - coalesce(new.events, 0)
    FROM arrived LEFT JOIN (
        SELECT delivery_id, count(*) AS events FROM accepted GROUP BY delivery_id
    ) AS new USING (delivery_id)
), stored_events AS (
    INSERT INTO events (
        id, tenant_id, connection_id, delivery_id, kind, object_type, object_id, lead_key, occurred_at, ignored, body)
    OVERRIDING SYSTEM VALUE
    SELECT id, tenant_id, connection_id, delivery_id, kind, object_type, object_id, lead_key, occurred_at, ignored,
           body::jsonb
    FROM accepted
)
SELECT id, place FROM accepted ORDER BY place
