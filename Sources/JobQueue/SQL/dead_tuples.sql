-- Indexes: none; it reads the server's statistics.
--
-- What vacuum has yet to remove from the tables that change. The server counts with a second's delay.
SELECT relname, n_live_tup, n_dead_tup, greatest(last_vacuum, last_autovacuum) AS vacuumed_at
FROM pg_stat_all_tables
WHERE relid = ANY ('{jobs,jobs_behind,leases,dead_jobs,call_ledger,call_limits}'::regclass[]::oid[])
ORDER BY relname
