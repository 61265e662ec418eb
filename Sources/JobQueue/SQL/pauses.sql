-- Indexes: none; it reads a list that operators keep by hand.
SELECT tenants.name AS tenant, system, stage, queue_pauses.paused_at
FROM queue_pauses LEFT JOIN tenants ON tenants.id = tenant_id
ORDER BY queue_pauses.paused_at, queue_pauses.id
