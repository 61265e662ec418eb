-- Takes a waiting message whose quiet period is over, unless a newer event came in between: quiet_messages_pkey.
DELETE FROM quiet_messages WHERE lead_id = $1 AND playbook = $2 AND event_id = $3
RETURNING event_id
