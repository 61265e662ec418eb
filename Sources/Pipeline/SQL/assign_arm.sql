-- Draws a lead's arm once; whoever draws second gets the first's: assignments_pkey.
WITH drawn AS (
    INSERT INTO assignments (tenant_id, experiment, lead_id, arm, probability)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING
    RETURNING arm
)
SELECT arm FROM drawn
UNION ALL
SELECT arm FROM assignments WHERE tenant_id = $1 AND experiment = $2 AND lead_id = $3
LIMIT 1
