-- Indexes: dead_jobs_pkey.
--
-- $1 the id to begin behind, $2 the last id, $3 tenant or NULL, $4 stage or NULL, $5 part of a reason or of its pattern, or
-- NULL, $6 limit, $7 now or NULL for the database's clock.
--
-- Takes dead letters out, in the order of their ids, and returns them. Those whose time has passed stay and are returned
-- too, without their columns. What somebody else is taking out is passed over.
WITH chosen AS MATERIALIZED (
    SELECT id, valid_until <= coalesce($7::timestamptz, statement_timestamp()) IS TRUE AS is_stale
    FROM dead_jobs
    WHERE id > $1 AND id <= $2
        AND ($3::bigint IS NULL OR tenant_id = $3) AND ($4::text IS NULL OR stage = $4)
        AND ($5::text IS NULL OR strpos(reason, $5) > 0 OR strpos(reason_pattern(reason), $5) > 0)
    ORDER BY id
    LIMIT $6::bigint
    FOR UPDATE SKIP LOCKED
),
taken AS (
    DELETE FROM dead_jobs USING chosen WHERE dead_jobs.id = chosen.id AND NOT is_stale
    RETURNING dead_jobs.*
)
SELECT chosen.id, stage, tenant_id, connection_id, lane, priority, valid_until, max_attempts, payload
FROM chosen LEFT JOIN taken USING (id)
ORDER BY chosen.id
