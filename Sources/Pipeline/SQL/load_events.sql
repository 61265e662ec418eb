-- The events behind some jobs: each partition's primary key, (id, received_at), by its first column.
SELECT id, tenant_id, connection_id, body::text, received_at FROM events WHERE id = ANY($1)
