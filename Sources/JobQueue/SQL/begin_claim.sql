-- Indexes: none.
--
-- $1 stage, $2 calls to a CRM that a batch takes.
--
-- Claims of a stage follow each other, and those that reserve calls follow each other whatever their stage. The locks hold
-- until the end of the transaction, when others can see what the claim took; so claim.sql comes in the same transaction, as
-- a statement of its own that sees what was committed before.
SELECT pg_advisory_xact_lock(hashtextextended('leadwright claims ' || $1, 0)),
       CASE WHEN $2::bigint > 0 THEN pg_advisory_xact_lock(hashtextextended('leadwright calls', 0)) END
