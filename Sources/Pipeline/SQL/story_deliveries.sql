-- The requests that some events came with: each partition's primary key, by its first column.
SELECT id, received_at, connection_id, events, duplicates FROM deliveries WHERE id = ANY($1)
