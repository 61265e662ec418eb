-- Indexes: jobs_pkey, and those of queue_turns.
--
-- $1 stages, $2 tenants, $3 connections, $4 lanes by name, $5 priorities, $6 run_at or NULL, $7 valid_until or NULL,
-- $8 max_attempts, $9 payloads; one element for each job. $10 now or NULL for the database's clock. $11 lanes by the hash
-- of their name, for jobs of which nothing else is left; then $4 is empty, otherwise $11.
--
-- The first job of an empty lane goes to jobs, others go behind it. The primary key decides which it is, and its row lock
-- makes enqueueing to a lane and ending its job wait for each other's commit; lanes are taken in order, so that two
-- batches cannot wait for each other in a circle. The id of a job that goes behind is drawn when its lane is locked:
-- within a lane, ids have the order of commits.
WITH new AS MATERIALIZED (
    SELECT *, CASE WHEN nth = 1 THEN nextval('job_ids') END AS id
    FROM (
        SELECT *, row_number() OVER (PARTITION BY lane ORDER BY place) AS nth, count(*) OVER (PARTITION BY lane) AS total
        FROM (
            SELECT stage, tenant_id, connection_id, coalesce(hash, hashtextextended(name, 0)) AS lane, priority,
                   coalesce(run_at, $10, statement_timestamp()) AS run_at, valid_until, max_attempts, payload, place
            FROM unnest(
                $1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::smallint[], $6::timestamptz[], $7::timestamptz[],
                $8::smallint[], $9::jsonb[], $11::bigint[]
            ) WITH ORDINALITY AS job (
                stage, tenant_id, connection_id, name, priority, run_at, valid_until, max_attempts, payload, hash, place
            )
        ) AS job
        ORDER BY place
    ) AS job
),
flows AS MATERIALIZED (
    SELECT flow.*, turns.*
    FROM (SELECT DISTINCT stage, priority, tenant_id FROM new) AS flow,
        queue_turns(flow.stage, flow.priority, flow.tenant_id) AS turns
),
heads AS (
    INSERT INTO jobs (
        lane, id, turn, tenant_id, connection_id, run_at, valid_until, enqueued_at, behind, priority, max_attempts, stage,
        payload
    )
    SELECT lane, id,
           CASE WHEN run_at <= coalesce($10, statement_timestamp())
               THEN last_turn + step * row_number() OVER (PARTITION BY stage, priority, tenant_id ORDER BY place) END,
           tenant_id, connection_id, run_at, valid_until, coalesce($10, statement_timestamp()), total - 1, priority,
           max_attempts, stage, payload
    FROM new JOIN flows USING (stage, priority, tenant_id)
    WHERE nth = 1
    ORDER BY lane
    ON CONFLICT (lane) DO UPDATE SET behind = jobs.behind + excluded.behind + 1
    RETURNING lane, id
),
placed AS MATERIALIZED (
    SELECT *, CASE WHEN id = head THEN id ELSE nextval('job_ids') END AS job
    FROM (SELECT new.*, heads.id AS head FROM new JOIN heads USING (lane) ORDER BY place) AS job
),
behind AS (
    INSERT INTO jobs_behind (
        lane, id, tenant_id, connection_id, run_at, valid_until, enqueued_at, priority, max_attempts, stage, payload
    )
    SELECT lane, job, tenant_id, connection_id, run_at, valid_until, coalesce($10, statement_timestamp()), priority,
           max_attempts, stage, payload
    FROM placed
    WHERE job <> head
)
SELECT job FROM placed ORDER BY place
