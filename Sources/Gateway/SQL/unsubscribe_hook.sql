-- Ends a REST hook of this connection: hook_subscriptions_pkey.
UPDATE hook_subscriptions SET gone_at = now() WHERE id = $1 AND connection_id = $2 AND gone_at IS NULL
