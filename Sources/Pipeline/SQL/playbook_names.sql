-- The playbooks that a tenant has or had: declarations_tenant_id_kind_name_version_key.
SELECT DISTINCT name FROM declarations WHERE tenant_id = $1 AND kind = 'playbook'
