-- Of an automatic hunt that has not ended: where it found what so far, and at which time the alert for it stands, so
-- that later parts join that alert, also after a restart.

CREATE TABLE hunt_places (
    hunt TEXT NOT NULL REFERENCES hunts (id) ON DELETE CASCADE,
    rule_id TEXT NOT NULL,                       -- the list
    type TEXT NOT NULL,
    indicator TEXT NOT NULL,
    host TEXT NOT NULL,                          -- '' = the events name none
    time INTEGER NOT NULL,
    PRIMARY KEY (hunt, rule_id, type, indicator, host)
) STRICT, WITHOUT ROWID;
