-- Indexes: call_budgets_pkey, and those of call_budget.
--
-- $1 now or NULL for the database's clock.
--
-- The calls that each connection has left, by the limit that leaves the fewest. The pages of all limits are read once; a
-- connection has two or three.
SELECT known.connection_id, connections.name AS connection, budget.name AS limited_by, available, calls, seconds, observed_at
FROM (SELECT DISTINCT connection_id FROM call_budgets) AS known
CROSS JOIN LATERAL call_budget(known.connection_id, coalesce($1::timestamptz, statement_timestamp())) AS tightest
JOIN call_budgets AS budget ON budget.connection_id = known.connection_id AND budget.name = tightest.limited_by
LEFT JOIN connections ON connections.id = known.connection_id
ORDER BY available, known.connection_id
