-- Which of some leads were erased, so that a late event does not bring them back: erasures_pkey.
SELECT lead_hash FROM erasures WHERE connection_id = $1 AND lead_hash = ANY($2)
