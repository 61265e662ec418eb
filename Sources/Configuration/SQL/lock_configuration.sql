-- No index: an advisory lock, so that two people who apply at once do so one after the other.
SELECT pg_advisory_xact_lock(hashtextextended('leadwright.configuration', 0));
