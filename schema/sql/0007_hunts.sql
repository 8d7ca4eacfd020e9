-- Hunts: lists of indicators held against all history, asked by people or begun by new entries of a list.

CREATE TABLE hunts (
    id TEXT PRIMARY KEY NOT NULL,
    automatic INTEGER NOT NULL CHECK (automatic IN (0, 1)),
    name TEXT NOT NULL,
    owner_id TEXT NOT NULL,                      -- of the user or token that asked; '' = the product itself
    owner_name TEXT NOT NULL,
    status TEXT NOT NULL,                        -- waiting, running, done, cancelled, failed, interrupted
    created INTEGER NOT NULL,
    ended INTEGER,
    from_time INTEGER,
    to_time INTEGER,
    id_end INTEGER NOT NULL,                     -- events below were asked
    done_to INTEGER NOT NULL,                    -- of an automatic one: events from here on are done
    fingerprint TEXT NOT NULL DEFAULT '',        -- of an automatic one: what its entries are
    indicators INTEGER NOT NULL,
    events INTEGER NOT NULL DEFAULT 0,           -- looked at
    found INTEGER NOT NULL DEFAULT 0,            -- indicators
    alerts INTEGER NOT NULL DEFAULT 0,           -- opened
    partial TEXT NOT NULL DEFAULT '',            -- why not everything was looked at
    findings TEXT NOT NULL DEFAULT '[]'          -- JSON
) STRICT;
CREATE INDEX hunts_by_time ON hunts (created);
