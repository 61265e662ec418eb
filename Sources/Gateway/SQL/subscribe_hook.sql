-- Adds a REST hook, or finds the live one with the same address: hook_subscriptions_live.
WITH existing AS (
    SELECT id FROM hook_subscriptions
    WHERE connection_id = $1 AND event = $2 AND url = $3 AND gone_at IS NULL
), added AS (
    INSERT INTO hook_subscriptions (connection_id, event, url, filters)
    SELECT $1, $2, $3, $4::jsonb WHERE NOT EXISTS (SELECT FROM existing)
    RETURNING id
)
SELECT id FROM existing UNION ALL SELECT id FROM added
