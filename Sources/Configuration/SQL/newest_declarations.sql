-- declarations_tenant_id_kind_name_version_key; a few hundred rows in all.
SELECT DISTINCT ON (declaration.tenant_id, declaration.kind, declaration.name)
    tenant.name, declaration.kind, declaration.name, declaration.version, declaration.body, declaration.sha256
FROM declarations AS declaration
JOIN tenants AS tenant ON tenant.id = declaration.tenant_id
ORDER BY declaration.tenant_id, declaration.kind, declaration.name, declaration.version DESC;
