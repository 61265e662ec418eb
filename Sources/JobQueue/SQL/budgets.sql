-- Indexes: call_limits_pkey, and those of calls_left.
--
-- $1 now or NULL for the database's clock.
--
-- The calls that each connection has left, by the limit that leaves the fewest. The pages of all limits are read once; a
-- connection has two or three.
SELECT known.connection_id, connections.name AS connection, limited_by, available, calls, seconds, observed_at
FROM (SELECT DISTINCT connection_id FROM call_limits) AS known
CROSS JOIN LATERAL (
    SELECT name AS limited_by, available, calls, seconds, observed_at
    FROM calls_left(known.connection_id, coalesce($1::timestamptz, statement_timestamp()))
    ORDER BY available
    LIMIT 1
) AS tightest
LEFT JOIN connections ON connections.id = known.connection_id
ORDER BY available, known.connection_id
