-- outcomes_by_generation.
SELECT DISTINCT kind FROM outcomes WHERE generation_id = $1;
