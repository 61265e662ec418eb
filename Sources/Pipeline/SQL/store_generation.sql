-- The finished text with all that made it: generations_pkey.
UPDATE generations SET
    state = 'generated', content = $2::jsonb, prompt = $3, prompt_sha256 = $4, model = $5, model_sha256 = $6,
    slots = $7::jsonb, prompt_tokens = $8, cached_tokens = $9, tokens = $10, milliseconds = $11, generated_at = $12
WHERE id = $1 AND state = 'planned'
