-- Indexes: none; it reads the live tables once, which hold no finished job.
--
-- $1 now or NULL for the database's clock.
--
-- The same as depths.sql, by tenant and CRM. A tenant or connection that was deleted has no name.
SELECT jobs.tenant_id, tenants.name AS tenant, system, stage, state, sum(count)::bigint AS count,
       greatest(0, extract(epoch FROM coalesce($1::timestamptz, statement_timestamp()) - min(since)))::float8 AS oldest
FROM (
    SELECT tenant_id, connection_id, stage, state, count(*), min(since) AS since
    FROM job_states
    GROUP BY tenant_id, connection_id, stage, state
) AS jobs
LEFT JOIN tenants ON tenants.id = jobs.tenant_id
LEFT JOIN connections ON connections.id = connection_id
GROUP BY jobs.tenant_id, tenants.name, system, stage, state
ORDER BY tenants.name, jobs.tenant_id, system, stage, state
