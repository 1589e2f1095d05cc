/** Version of the schema, in `PRAGMA user_version`. A file of a later one is not written to. */
export const SCHEMA_VERSION = 1;

/**
 * Records can only be appended, each right behind the last, and only those at or before the mark
 * `removed` can be removed. Marks only move forward. This keeps mistakes out, not whoever can drop a
 * trigger; that is what the chain is for.
 */
export const SCHEMA = `
CREATE TABLE record (
  id INTEGER PRIMARY KEY,
  time_ms INTEGER NOT NULL,
  event TEXT NOT NULL,
  result TEXT NOT NULL,
  identity TEXT NOT NULL,
  machine TEXT NOT NULL,
  source TEXT NOT NULL,
  reason TEXT NOT NULL,
  detail TEXT NOT NULL,
  data TEXT NOT NULL,
  previous BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE TABLE mark (name TEXT PRIMARY KEY, id INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
INSERT INTO mark VALUES ('removed', 0, zeroblob(32)), ('last', 0, zeroblob(32));
CREATE INDEX record_of_machines ON record (id)
  WHERE event IN ('register', 'agent-gone', 'session-open', 'session-close');
CREATE TRIGGER record_order BEFORE INSERT ON record
  WHEN NEW.id <> (SELECT id + 1 FROM mark WHERE name = 'last')
  BEGIN SELECT RAISE(ABORT, 'audit: a record must follow the last one'); END;
CREATE TRIGGER record_last AFTER INSERT ON record
  BEGIN UPDATE mark SET id = NEW.id, hash = NEW.hash WHERE name = 'last'; END;
CREATE TRIGGER record_update BEFORE UPDATE ON record
  BEGIN SELECT RAISE(ABORT, 'audit: records cannot be changed'); END;
CREATE TRIGGER record_delete BEFORE DELETE ON record
  WHEN OLD.id > (SELECT id FROM mark WHERE name = 'removed')
  BEGIN SELECT RAISE(ABORT, 'audit: records cannot be removed'); END;
CREATE TRIGGER mark_delete BEFORE DELETE ON mark
  BEGIN SELECT RAISE(ABORT, 'audit: marks cannot be removed'); END;
CREATE TRIGGER mark_update BEFORE UPDATE ON mark WHEN NEW.id < OLD.id OR NEW.name <> OLD.name
  BEGIN SELECT RAISE(ABORT, 'audit: marks only move forward'); END;
PRAGMA user_version = ${SCHEMA_VERSION};
`;
