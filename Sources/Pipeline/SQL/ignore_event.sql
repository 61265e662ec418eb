-- Notes why nothing came of an event: each partition's primary key, by its first column.
UPDATE events SET ignored = $2 WHERE id = $1
