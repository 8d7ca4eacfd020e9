-- Alerts and what belongs to them. Inside the database an alert is its number (CB-<number>), outside its id.
-- kind 0 sigma, 1 correlation, 2 indicator; level 0 informational .. 4 critical; status 0 new, 1 acknowledged,
-- 2 closed; verdict 0 true, 1 false, 2 benign true, 3 duplicate, 4 drill.

CREATE TABLE counters (
    name TEXT PRIMARY KEY NOT NULL,
    value INTEGER NOT NULL
) STRICT;
INSERT INTO counters (name, value) VALUES ('alert_number', 0), ('hosts_version', 1);

CREATE TABLE alerts (
    number INTEGER PRIMARY KEY NOT NULL,
    id TEXT NOT NULL UNIQUE,
    rule_id TEXT NOT NULL,
    alert_key TEXT NOT NULL,
    window_start INTEGER NOT NULL,
    rule_title TEXT NOT NULL,
    rule_title_vi TEXT NOT NULL,
    rule_description TEXT NOT NULL,
    rule_description_vi TEXT NOT NULL,
    kind INTEGER NOT NULL,
    level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 4),
    tags TEXT NOT NULL,
    false_positives TEXT NOT NULL,
    unit_id TEXT REFERENCES units (id),
    host TEXT NOT NULL,
    source TEXT NOT NULL,
    source_ip TEXT NOT NULL,
    user_name TEXT NOT NULL,
    safety_level INTEGER NOT NULL DEFAULT 0,
    group_values TEXT NOT NULL,
    grouped INTEGER NOT NULL DEFAULT 0 CHECK (grouped IN (0, 1)),
    drill INTEGER NOT NULL DEFAULT 0 CHECK (drill IN (0, 1)),
    matched TEXT NOT NULL,
    search_text TEXT NOT NULL,
    status INTEGER NOT NULL DEFAULT 0 CHECK (status BETWEEN 0 AND 2),
    verdict INTEGER CHECK (verdict BETWEEN 0 AND 4),
    comment TEXT NOT NULL DEFAULT '',
    assignee_id TEXT REFERENCES users (id),
    version INTEGER NOT NULL DEFAULT 1,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen INTEGER NOT NULL,
    event_count INTEGER NOT NULL,
    events_kept INTEGER NOT NULL DEFAULT 0,
    events_trimmed_below INTEGER NOT NULL DEFAULT 0,
    due INTEGER,
    acknowledged_at INTEGER,
    acknowledged_by TEXT NOT NULL DEFAULT '',
    closed_at INTEGER,
    closed_by TEXT NOT NULL DEFAULT '',
    CHECK (status <> 2 OR verdict IS NOT NULL)
) STRICT;
CREATE INDEX alerts_key ON alerts (rule_id, alert_key, window_start);
CREATE INDEX alerts_updated ON alerts (updated, number);
CREATE INDEX alerts_created ON alerts (rule_id, created);
CREATE INDEX alerts_level ON alerts (level, number);
CREATE INDEX alerts_due ON alerts (due, number);
CREATE INDEX alerts_unit ON alerts (unit_id, number);
CREATE INDEX alerts_open ON alerts (status, level, number);
CREATE INDEX alerts_first_seen ON alerts (first_seen);
CREATE INDEX alerts_host ON alerts (host);
CREATE INDEX alerts_assignee ON alerts (assignee_id);
CREATE INDEX alerts_to_trim ON alerts (updated) WHERE events_kept > 1000;
CREATE INDEX alerts_drill ON alerts (number) WHERE drill = 1;

-- Which events it counts, so that each counts once. Trimmed to the newest (alerts.events_kept of them); an event
-- below alerts.events_trimmed_below was trimmed away or came too late, and counts as known.
CREATE TABLE alert_events (
    alert INTEGER NOT NULL REFERENCES alerts (number) ON DELETE CASCADE,
    event INTEGER NOT NULL,
    PRIMARY KEY (alert, event)
) STRICT, WITHOUT ROWID;

CREATE TABLE alert_samples (
    alert INTEGER NOT NULL REFERENCES alerts (number) ON DELETE CASCADE,
    event INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (alert, event)
) STRICT;

-- Events by hour of their own clock (hours since 1970).
CREATE TABLE alert_hours (
    alert INTEGER NOT NULL REFERENCES alerts (number) ON DELETE CASCADE,
    hour INTEGER NOT NULL,
    events INTEGER NOT NULL,
    PRIMARY KEY (alert, hour)
) STRICT, WITHOUT ROWID;

CREATE TABLE alert_timeline (
    seq INTEGER PRIMARY KEY NOT NULL,
    alert INTEGER NOT NULL REFERENCES alerts (number) ON DELETE CASCADE,
    time INTEGER NOT NULL,
    kind TEXT NOT NULL,
    actor_id TEXT,
    actor_name TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX alert_timeline_alert ON alert_timeline (alert, seq);

-- The state before an action, for undo.
CREATE TABLE undo_tokens (
    token_hash TEXT PRIMARY KEY NOT NULL,
    actor_id TEXT NOT NULL,
    action TEXT NOT NULL,
    expires INTEGER NOT NULL
) STRICT;

CREATE TABLE undo_rows (
    token_hash TEXT NOT NULL REFERENCES undo_tokens (token_hash) ON DELETE CASCADE,
    alert INTEGER NOT NULL REFERENCES alerts (number) ON DELETE CASCADE,
    version_after INTEGER NOT NULL,
    status INTEGER NOT NULL,
    verdict INTEGER,
    comment TEXT NOT NULL,
    assignee_id TEXT,
    due INTEGER,
    acknowledged_at INTEGER,
    acknowledged_by TEXT NOT NULL,
    closed_at INTEGER,
    closed_by TEXT NOT NULL,
    PRIMARY KEY (token_hash, alert)
) STRICT;
CREATE INDEX undo_rows_alert ON undo_rows (alert);

-- Feed of the live view; the newest 10,000 rows. The newest is never deleted, so seq never goes back.
CREATE TABLE changes (
    seq INTEGER PRIMARY KEY NOT NULL,
    time INTEGER NOT NULL,
    kind TEXT NOT NULL,
    object_id TEXT NOT NULL,
    unit_id TEXT
) STRICT;

CREATE TABLE raise_marks (
    stream TEXT PRIMARY KEY NOT NULL,
    raised_to INTEGER NOT NULL
) STRICT;
