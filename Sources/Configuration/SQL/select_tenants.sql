-- tenants_pkey where an id is given; else all. The newest declaration by declarations_tenant_id_kind_name_version_key.
SELECT tenant.id, tenant.name, tenant.title, tenant.weight, declaration.body
FROM tenants AS tenant
CROSS JOIN LATERAL (
    SELECT body FROM declarations
    WHERE tenant_id = tenant.id AND kind = 'tenant' AND name = tenant.name
    ORDER BY version DESC
    LIMIT 1
) AS declaration
WHERE $1::bigint IS NULL OR tenant.id = $1
ORDER BY tenant.name;
