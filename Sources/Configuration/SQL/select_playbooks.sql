-- declarations_tenant_id_kind_name_version_key.
SELECT DISTINCT ON (name) body, version
FROM declarations
WHERE tenant_id = $1 AND kind = 'playbook'
ORDER BY name, version DESC;
