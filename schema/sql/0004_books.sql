-- Registers that people keep: machines and their units, log sources, rules; and the dated rules of the watch.

CREATE TABLE hosts (
    host TEXT PRIMARY KEY NOT NULL,
    unit_id TEXT REFERENCES units (id),
    safety_level INTEGER NOT NULL DEFAULT 0 CHECK (safety_level BETWEEN 0 AND 5),
    note TEXT NOT NULL DEFAULT '',
    drill INTEGER NOT NULL DEFAULT 0 CHECK (drill IN (0, 1)),
    updated INTEGER NOT NULL
) STRICT;

CREATE TABLE sources (
    name TEXT PRIMARY KEY NOT NULL,
    kind TEXT NOT NULL,
    profile TEXT NOT NULL,
    format TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    unit_id TEXT REFERENCES units (id),
    created INTEGER NOT NULL,
    first_event INTEGER NOT NULL,
    last_event INTEGER NOT NULL,
    events INTEGER NOT NULL DEFAULT 0,
    bytes INTEGER NOT NULL DEFAULT 0,
    parse_failures INTEGER NOT NULL DEFAULT 0,
    usual_gap INTEGER NOT NULL DEFAULT 0,
    expected_silence INTEGER CHECK (expected_silence IS NULL OR expected_silence > 0),
    snoozed_until INTEGER,
    failure_sample TEXT NOT NULL DEFAULT '',
    failure_reason TEXT NOT NULL DEFAULT '',
    enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    drill INTEGER NOT NULL DEFAULT 0 CHECK (drill IN (0, 1)),
    version INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE rule_states (
    rule_id TEXT PRIMARY KEY NOT NULL,
    enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    reason TEXT NOT NULL DEFAULT '',
    changed_by TEXT NOT NULL DEFAULT '',
    changed_at INTEGER,
    hits INTEGER NOT NULL DEFAULT 0,
    alerts INTEGER NOT NULL DEFAULT 0,
    last_hit INTEGER,
    version INTEGER NOT NULL DEFAULT 0
) STRICT;

-- The set whose dates hold a moment is in force at it; of several, the one that began last. origin 'default' marks
-- our own figures; a set taken from a document carries its number.
CREATE TABLE regulation_sets (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    origin TEXT NOT NULL,
    valid_from INTEGER NOT NULL,
    valid_to INTEGER,
    changed_by TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE regulation_values (
    set_id TEXT NOT NULL REFERENCES regulation_sets (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (set_id, key)
) STRICT;

INSERT INTO regulation_sets (id, name, origin, valid_from) VALUES
    ('018cc251-f400-7000-8000-000000000001', 'Thời hạn mặc định của Gác', 'default', 0);
INSERT INTO regulation_values (set_id, key, value) VALUES
    ('018cc251-f400-7000-8000-000000000001', 'alert.acknowledge_minutes.critical', '15'),
    ('018cc251-f400-7000-8000-000000000001', 'alert.acknowledge_minutes.high', '60'),
    ('018cc251-f400-7000-8000-000000000001', 'alert.acknowledge_minutes.medium', '480'),
    ('018cc251-f400-7000-8000-000000000001', 'alert.acknowledge_minutes.low', '1440'),
    ('018cc251-f400-7000-8000-000000000001', 'alert.acknowledge_minutes.informational', '4320');
