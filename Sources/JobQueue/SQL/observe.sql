-- Indexes: call_budgets_pkey, call_reservations_pkey.
--
-- $1 connection, $2 names, $3 calls allowed, $4 seconds of an interval, $5 calls left, $6 when the CRM said so.
--
-- An older observation never replaces a newer one. Reservations that no limit looks back to are forgotten on the way.
WITH observed AS (
    INSERT INTO call_budgets (connection_id, name, calls, seconds, remaining, observed_at)
    SELECT $1, name, calls, seconds, remaining, observed_at
    FROM unnest($2::text[], $3::integer[], $4::float8[], $5::integer[], $6::timestamptz[])
        AS budget (name, calls, seconds, remaining, observed_at)
    ORDER BY name
    ON CONFLICT (connection_id, name) DO UPDATE
    SET calls = excluded.calls, seconds = excluded.seconds, remaining = excluded.remaining,
        observed_at = excluded.observed_at
    WHERE call_budgets.observed_at < excluded.observed_at
    RETURNING observed_at
)
DELETE FROM call_reservations
WHERE connection_id = $1 AND at < (SELECT min(observed_at) FROM observed) - interval '2 minutes'
