-- Indexes: leases_pkey, leases_clock.
--
-- $1 tokens of leases whose jobs have all ended.
--
-- Forgets the leases, except the newest of a stage and priority, which is their clock. Returns the tokens of those that
-- stay.
WITH over AS MATERIALIZED (
    SELECT token,
           turn = (
               SELECT newest.turn FROM leases AS newest
               WHERE newest.stage = leases.stage AND newest.priority = leases.priority
               ORDER BY newest.turn DESC LIMIT 1
           ) AS is_clock
    FROM leases
    WHERE token = ANY ($1::bigint[])
    FOR UPDATE SKIP LOCKED
),
forgotten AS (
    -- By an array: of a table with few rows alive the planner would read the whole index, for a join.
    DELETE FROM leases WHERE token = ANY (ARRAY(SELECT token FROM over WHERE NOT is_clock))
)
SELECT token FROM over WHERE is_clock
