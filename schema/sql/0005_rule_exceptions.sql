-- What people except from rules: dated, with a reason; kept when over, so that it stays known why something was silent.

CREATE TABLE rule_exceptions (
    id TEXT PRIMARY KEY NOT NULL,
    rule_id TEXT NOT NULL,                       -- '' = all rules
    reason TEXT NOT NULL,
    unit_id TEXT REFERENCES units (id),
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    expiry_noted INTEGER NOT NULL DEFAULT 0 CHECK (expiry_noted IN (0, 1)),
    removed INTEGER NOT NULL DEFAULT 0 CHECK (removed IN (0, 1)),
    changed_by TEXT NOT NULL DEFAULT '',
    changed_at INTEGER,
    changed_reason TEXT NOT NULL DEFAULT '',
    version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX rule_exceptions_in_force ON rule_exceptions (expires) WHERE removed = 0;

CREATE TABLE rule_exception_conditions (
    exception_id TEXT NOT NULL REFERENCES rule_exceptions (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    field TEXT NOT NULL,
    op TEXT NOT NULL CHECK (op IN ('equals', 'startswith', 'endswith', 'contains', 'cidr')),
    value TEXT NOT NULL,
    PRIMARY KEY (exception_id, position)
) STRICT;
