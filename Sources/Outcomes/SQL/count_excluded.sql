-- training_examples_by_tenant, leads_pkey.
SELECT count(*)
FROM training_examples AS example
JOIN leads AS lead ON lead.id = example.lead_id
WHERE example.tenant_id = $1
    AND example.created_at >= $2
    AND example.created_at < $3
    AND (example.label OR NOT $4)
    AND (lead.opted_out_at IS NOT NULL OR lead.erased_at IS NOT NULL);
