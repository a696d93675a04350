-- Merges what the shards of a campaign wrote: what was struck, whether it was found, and whether all of it is there.
--
-- The variables `results` (a pattern of files), `faults` (what `simstore faults --format json` prints), `first_seed`,
-- `end_seed` and `profiles` (a list) have to be set; merge.py does so and shows the tables.

CREATE TEMP TABLE rounds AS
FROM read_json(getvariable('results'), format = 'newline_delimited', columns = {
    seed: 'UBIGINT',
    profile: 'VARCHAR',
    wounds: 'STRUCT(fault VARCHAR, finding VARCHAR, update_error VARCHAR, target VARCHAR, resealed BOOLEAN)[]',
    state: 'VARCHAR',
    expected: 'UBIGINT',
    reproduce: 'VARCHAR'
});

-- A state that is not known is not one to be pleased with.
CREATE TEMP MACRO is_wrong(state) AS state NOT IN ('exact', 'exact-with-consequences', 'neutral');

CREATE TEMP TABLE totals AS
SELECT
    count(*) AS rounds,
    count(*) FILTER (len(wounds) > 1) AS swarms,
    sum(len(wounds)) AS wounds,
    sum(expected) AS findings_foretold,
    count(*) FILTER (state = 'exact') AS exact,
    count(*) FILTER (state = 'exact-with-consequences') AS exact_with_consequences,
    count(*) FILTER (state = 'neutral') AS neutral,
    count(*) FILTER (is_wrong(state)) AS wrong
FROM rounds;

-- Of a swarm only those wounds are left that the checker is still wrong about.
CREATE TEMP TABLE wrong AS
SELECT profile, seed, array_to_string([wound.fault FOR wound IN wounds], ', ') AS faults, reproduce
FROM rounds
WHERE is_wrong(state)
ORDER BY profile, seed;

-- Code by fault: how often each was struck, alone and in swarms, and how often all that was foretold was found. What was
-- never struck is in it, too.
CREATE TEMP TABLE matrix AS
WITH struck AS (
    SELECT unnest(wounds).fault AS fault, len(wounds) = 1 AS is_alone, state, state LIKE 'exact%' AS is_exact FROM rounds
)
SELECT
    coalesce(faults.update_error, 'none') AS code,
    faults.id AS fault,
    count(*) FILTER (is_alone) AS alone,
    count(*) FILTER (is_alone AND is_exact) AS alone_exact,
    count(*) FILTER (is_alone AND state = 'neutral') AS alone_neutral,
    count(*) FILTER (NOT is_alone) AS in_swarms,
    count(*) FILTER (NOT is_alone AND is_exact) AS in_swarms_exact,
    count(*) FILTER (is_wrong(state)) AS wrong
FROM read_json(getvariable('faults'), columns = {id: 'VARCHAR', update_error: 'VARCHAR'}) AS faults
LEFT JOIN struck ON struck.fault = faults.id
GROUP BY ALL
ORDER BY code, fault;

-- What the lines have that the campaign has not, or the other way round: nothing, if all shards are there once.
CREATE TEMP TABLE gaps AS
WITH
    campaign AS (
        SELECT unnest(getvariable('profiles')) AS profile, seed
        FROM range(getvariable('first_seed'), getvariable('end_seed')) AS seeds(seed)
    ),
    found AS (SELECT profile, seed, count(*) AS times FROM rounds GROUP BY ALL)
SELECT
    profile,
    seed,
    CASE WHEN found.times IS NULL THEN 'missing' WHEN campaign.seed IS NULL THEN 'of another campaign' ELSE 'twice' END AS gap
FROM campaign FULL JOIN found USING (profile, seed)
WHERE found.times IS DISTINCT FROM 1 OR campaign.seed IS NULL
ORDER BY profile, seed;
