-- Questions that people keep. A removed one stays for a while, so that removal can be undone.

CREATE TABLE saved_searches (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    note TEXT NOT NULL DEFAULT '',
    query TEXT NOT NULL,
    span TEXT NOT NULL DEFAULT '',               -- back from now, such as 24h; '' = from_time and to_time, or none
    from_time INTEGER,
    to_time INTEGER,
    columns TEXT NOT NULL DEFAULT '',            -- separated by commas
    view TEXT NOT NULL DEFAULT '',
    shared INTEGER NOT NULL DEFAULT 0 CHECK (shared IN (0, 1)),
    owner_id TEXT NOT NULL REFERENCES users (id),
    unit_id TEXT REFERENCES units (id),          -- whom a shared one belongs to; NULL = the province
    created_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    changed_by TEXT NOT NULL,
    removed_at INTEGER,
    version INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE INDEX saved_searches_of_owner ON saved_searches (owner_id);
