-- training_examples_by_tenant walks the window from where the last page ended; the rest by primary keys.
SELECT
    example.id, example.created_at, example.label, generation.prompt, generation.content,
    generation.playbook, generation.playbook_version, coalesce(generation.model_sha256, '')
FROM training_examples AS example
JOIN generations AS generation ON generation.id = example.generation_id
JOIN leads AS lead ON lead.id = example.lead_id
WHERE example.tenant_id = $1
    AND example.created_at >= $2
    AND example.created_at < $3
    AND (example.created_at, example.id) > ($2, $4)
    AND (example.label OR NOT $5)
    AND lead.opted_out_at IS NULL
    AND lead.erased_at IS NULL
    AND generation.prompt IS NOT NULL
    AND generation.content IS NOT NULL
ORDER BY example.created_at, example.id
LIMIT $6;
