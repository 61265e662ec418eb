-- The written generations for the demo's table, in the order of their events; a small database, no index.
SELECT g.id, t.name AS tenant, c.system, l.object_id, l.key, g.stage, g.kind, g.content::text AS content,
    coalesce(w.location, '') AS location, w.state AS write_state, coalesce(g.model_sha256, '') AS model_sha256, g.seed,
    coalesce(g.prompt_sha256, '') AS prompt_sha256, g.arm, coalesce(g.slots, '[]')::text AS slots,
    coalesce(g.tokens, 0) AS tokens, coalesce(g.milliseconds, 0) AS milliseconds,
    coalesce(g.record -> 'fields' ->> 'first_name', '') AS first_name,
    row_number() OVER (PARTITION BY g.lead_id, w.target ORDER BY g.written_at DESC NULLS LAST) = 1 AS is_latest
FROM generations g
JOIN tenants t ON t.id = g.tenant_id
JOIN connections c ON c.id = g.connection_id
JOIN leads l ON l.id = g.lead_id
JOIN write_backs w ON w.generation_id = g.id
WHERE w.state <> 'suppressed'
ORDER BY g.planned_at, g.id
