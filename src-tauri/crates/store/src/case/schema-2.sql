CREATE TABLE statement (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, value TEXT NOT NULL, at INTEGER NOT NULL, who TEXT NOT NULL, retracts INTEGER REFERENCES statement (id)) STRICT;
CREATE INDEX statement_by_kind ON statement (kind, subject);
CREATE INDEX statement_by_retracts ON statement (retracts);
CREATE TABLE derived (kind TEXT NOT NULL, key TEXT NOT NULL, basis TEXT NOT NULL, at INTEGER NOT NULL, value BLOB NOT NULL, PRIMARY KEY (kind, key)) STRICT;
CREATE TABLE pull_stream (id INTEGER PRIMARY KEY, connector TEXT NOT NULL, origin TEXT NOT NULL, settings TEXT NOT NULL, cursor TEXT NOT NULL, at INTEGER NOT NULL, who TEXT NOT NULL) STRICT;
CREATE TABLE pull_page (id INTEGER PRIMARY KEY, stream INTEGER NOT NULL REFERENCES pull_stream (id), import INTEGER NOT NULL REFERENCES import (id), source INTEGER REFERENCES source (id), at INTEGER NOT NULL, url TEXT NOT NULL, status INTEGER NOT NULL, headers TEXT NOT NULL, sha256 BLOB NOT NULL, items INTEGER NOT NULL) STRICT;
CREATE INDEX pull_page_by_stream ON pull_page (stream);
CREATE TABLE pull_coverage (id INTEGER PRIMARY KEY, stream INTEGER NOT NULL REFERENCES pull_stream (id), import INTEGER NOT NULL REFERENCES import (id), first INTEGER NOT NULL, last INTEGER NOT NULL, complete INTEGER NOT NULL, reason TEXT NOT NULL) STRICT;
CREATE INDEX pull_coverage_by_stream ON pull_coverage (stream);
