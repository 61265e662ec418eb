-- Indexes: none.
--
-- $1 stage.
--
-- Claims of a stage follow each other. The lock holds until the end of the transaction, when others can see what the claim
-- took; so claim.sql comes in the same transaction, as a statement of its own that sees what was committed before.
SELECT pg_advisory_xact_lock(hashtextextended('leadwright claims ' || $1, 0))
