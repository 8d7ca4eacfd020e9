-- Events that nobody may delete until somebody lifts the hold. A lifted one stays as a record.

CREATE TABLE legal_holds (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    reason TEXT NOT NULL,
    query TEXT NOT NULL DEFAULT '',      -- a filter of the search language; '' = every event
    source TEXT NOT NULL DEFAULT '',     -- '' = every source
    from_time INTEGER,
    to_time INTEGER,
    created INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    lifted INTEGER,
    lifted_by TEXT NOT NULL DEFAULT '',
    lifted_reason TEXT NOT NULL DEFAULT ''
) STRICT;

-- How many months logs are kept, by level of the information system: TCVN 14423:2026. The set in force takes over the
-- values of the one before it; sets that somebody made since then get the new values as well.
INSERT INTO regulation_sets (id, name, origin, valid_from) VALUES
    ('019f9140-3c00-7000-8000-000000000002', 'TCVN 14423:2026, lưu nhật ký theo cấp độ',
     'TCVN 14423:2026 (QĐ 3243/QĐ-BKHCN, 24/07/2026)', 1784826000000000);
INSERT INTO regulation_values (set_id, key, value)
    SELECT '019f9140-3c00-7000-8000-000000000002', key, value FROM regulation_values
    WHERE set_id = '018cc251-f400-7000-8000-000000000001';
INSERT INTO regulation_values (set_id, key, value)
    SELECT s.id, v.key, v.value FROM regulation_sets s, (
        SELECT 'history.retention_months.level_1' AS key, '0' AS value
        UNION ALL SELECT 'history.retention_months.level_2', '1'
        UNION ALL SELECT 'history.retention_months.level_3', '3'
        UNION ALL SELECT 'history.retention_months.level_4', '6'
        UNION ALL SELECT 'history.retention_months.level_5', '12') v
    WHERE s.valid_from >= 1784826000000000;
