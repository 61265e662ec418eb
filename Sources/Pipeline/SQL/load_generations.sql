-- Generations with their lead as we know it now: generations_pkey, leads_pkey.
SELECT g.id, g.tenant_id, g.connection_id, g.lead_id, g.event_id, g.playbook, g.playbook_version, g.kind, g.stage,
    g.arm, g.seed, g.state, g.record::text, g.content::text, g.generated_at, g.valid_until, l.key, l.fields::text, l.opted_out_at,
    l.erased_at
FROM generations g JOIN leads l ON l.id = g.lead_id
WHERE g.id = ANY($1)
