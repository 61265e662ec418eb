-- Indexes: leases_pkey; it goes to the rows of jobs by their places.
--
-- $1 places where the claim found its jobs, $2 their ids, $3 the last of their turns, $4 what this attempt counts, $5 tokens
-- of the leases that hold them, $6 outcome, $7 reason or NULL.
--
-- Ends the jobs if all their leases hold, as far as they are still there and have no other behind them, and returns how
-- many, with their ids. advance.sql looks for the rest by their lanes: those with others behind have moved, because
-- enqueueing to a lane changes its row.
--
-- A job that is set back while this waits for its row has a later turn than all that was claimed before, or none.
WITH ended AS (
    DELETE FROM jobs
    WHERE ctid = ANY ($1::tid[]) AND id = ANY ($2::bigint[]) AND turn <= $3::bigint AND behind = 0
        AND (SELECT count(*) FROM leases WHERE token = ANY ($5::bigint[]) AND leases.jobs <> '{}')
            = cardinality($5::bigint[])
    RETURNING id, enqueued_at, tenant_id, connection_id, lane, attempt, stage, payload
),
recorded AS (
    INSERT INTO job_history (
        job_id, enqueued_at, tenant_id, connection_id, lane, attempts, stage, outcome, reason, payload
    )
    SELECT id, enqueued_at, tenant_id, connection_id, lane, attempt + $4::smallint, stage, $6, $7, payload FROM ended
)
SELECT count(*), array_agg(id) AS ids FROM ended
