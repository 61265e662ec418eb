-- Indexes: none; it only inserts.
--
-- $1 stages, $2 tenants, $3 connections, $4 lanes as text, $5 priorities, $6 run_at or NULL, $7 valid_until or NULL,
-- $8 max_attempts, $9 payloads; one element for each job.
--
-- Ids must be committed in their order within a lane: a claim that saw job 8 while job 7 was still uncommitted would
-- take it for the head. So whoever enqueues for a lane holds its lock until the end of the transaction. The locks are
-- 1024 for all lanes, because a lock for each lane of a large batch would not fit into the server's lock table (6,400
-- entries by default); two lanes that share one only wait for each other's commits. Sorted, so that two batches cannot
-- wait for each other in a circle.
WITH locked AS MATERIALIZED (
    SELECT pg_advisory_xact_lock(1818324581, bucket)
    FROM (
        SELECT DISTINCT (hashtextextended(lane, 0) & 1023)::integer AS bucket
        FROM unnest($4::text[]) AS lane
        ORDER BY bucket
    ) AS buckets
)
INSERT INTO jobs (
    stage, tenant_id, connection_id, lane, priority, run_at, valid_until, max_attempts, payload
)
SELECT stage, tenant_id, connection_id, hashtextextended(lane, 0), priority, coalesce(run_at, now()), valid_until,
       max_attempts, payload
FROM unnest(
    $1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::smallint[], $6::timestamptz[], $7::timestamptz[],
    $8::smallint[], $9::jsonb[]
) WITH ORDINALITY AS new (
    stage, tenant_id, connection_id, lane, priority, run_at, valid_until, max_attempts, payload, place
)
-- Ids are drawn for the rows that pass this, and so after the locks are held.
WHERE (SELECT count(*) FROM locked) > 0
ORDER BY place
RETURNING id
