-- generations_by_lead. More than 50 messages to one lead within the longest window would be spam.
SELECT id, generated_at, written_at
FROM generations
WHERE lead_id = $1 AND planned_at <= $2 AND state = 'written' AND generated_at IS NOT NULL AND written_at IS NOT NULL
ORDER BY planned_at DESC
LIMIT 50;
