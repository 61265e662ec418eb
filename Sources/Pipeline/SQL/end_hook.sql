-- A receiver that answered 410 is never called again: hook_subscriptions_pkey.
UPDATE hook_subscriptions SET gone_at = now() WHERE id = $1 AND gone_at IS NULL
