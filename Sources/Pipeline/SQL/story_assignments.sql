-- The arms of a lead: assignments_pkey, skipping from one of the tenant's few experiments to the next.
SELECT experiment, arm, probability, assigned_at FROM assignments WHERE tenant_id = $1 AND lead_id = $2
