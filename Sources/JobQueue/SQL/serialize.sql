-- Indexes: none.
--
-- $1 stage or NULL, $2 whether calls to CRMs are counted.
--
-- Claims of a stage follow each other, and so does all that counts calls. The locks hold until the end of the transaction,
-- when others can see what it did; so the statement that needs them comes in the same transaction, as one of its own that
-- sees what was committed before.
--
-- The commit does not wait for the disk. A claim that a crash of the server undoes is a lease that ran out, and what its
-- worker would still finish is refused.
SELECT CASE WHEN $1::text IS NOT NULL THEN pg_advisory_xact_lock(hashtextextended('leadwright claims ' || $1, 0)) END,
       CASE WHEN $2::boolean THEN pg_advisory_xact_lock(hashtextextended('leadwright calls', 0)) END,
       set_config('synchronous_commit', 'off', true)
