-- generations_pkey, training_examples_generation_id_key.
INSERT INTO training_examples (tenant_id, lead_id, generation_id, stage, kind, label, reward, decided_by)
SELECT tenant_id, lead_id, id, stage, kind, $2, $3, $4
FROM generations
WHERE id = $1
    AND arm = 'treatment'
    AND jsonb_path_exists(slots, '$[*] ? (@.outcome != "fallback")')
ON CONFLICT (generation_id) DO UPDATE
SET label = excluded.label, reward = excluded.reward, decided_by = excluded.decided_by, updated_at = now()
WHERE (training_examples.label, training_examples.reward, training_examples.decided_by)
    IS DISTINCT FROM (excluded.label, excluded.reward, excluded.decided_by);
