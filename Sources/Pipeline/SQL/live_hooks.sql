-- Where a connection's Zaps want to be called: hook_subscriptions_live.
SELECT id, url, filters::text FROM hook_subscriptions
WHERE connection_id = $1 AND event = $2 AND gone_at IS NULL ORDER BY id
