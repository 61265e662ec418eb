-- What was lately written to some leads, to know it again when it comes back: leads_key_key, generations_by_lead,
-- write_backs_pkey.
SELECT lead.key, write.target, write.fingerprint, generation.id, generation.content::text, generation.generated_at
FROM leads AS lead
CROSS JOIN LATERAL (
    SELECT id, content, generated_at FROM generations
    WHERE lead_id = lead.id AND content IS NOT NULL
    ORDER BY planned_at DESC LIMIT 10
) AS generation
JOIN write_backs AS write ON write.generation_id = generation.id
WHERE lead.key = ANY($1) AND write.attempts > 0
