"""What runs are searched by: a row for each param, output and meta value, a row for each tag, and indexes for filters
and sorts in a project.

The rows are kept by triggers on `run`, so that whoever writes a run's JSON keeps them too. Names and texts are cut at
256 characters. A text that is written like a JSON number counts as that number as well.
"""

from __future__ import annotations

from trainyard_core.db.engine import Dialect

CUT = 256
SOURCES = ("params", "outputs", "meta")
"""Columns of `run` whose values are kept."""

STATEMENTS = (
    """CREATE TABLE run_value (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            source TEXT NOT NULL,                           -- params, outputs or meta
            name TEXT NOT NULL,
            project TEXT NOT NULL,
            number DOUBLE PRECISION,                        -- NULL: it is none
            text TEXT,                                      -- NULL: it is a number
            PRIMARY KEY (run, source, name))%WITHOUT_ROWID%""",
    "CREATE INDEX run_value_number ON run_value (project, source, name, number, run) WHERE number IS NOT NULL",
    "CREATE INDEX run_value_text ON run_value (project, source, name, text%BYTEWISE%, run) WHERE text IS NOT NULL",
    """CREATE TABLE run_tag (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            tag TEXT NOT NULL,
            project TEXT NOT NULL,
            PRIMARY KEY (run, tag))%WITHOUT_ROWID%""",
    "CREATE INDEX run_tag_tag ON run_tag (project, tag, run)",
    "CREATE INDEX metric_last ON metric (project, name, last, run)",
    "CREATE INDEX metric_min ON metric (project, name, min, run)",
    "CREATE INDEX metric_max ON metric (project, name, max, run)",
    "CREATE INDEX run_status ON run (project, status%BYTEWISE%, id)",
    "CREATE INDEX run_queue ON run (project, queue%BYTEWISE%, id)",
    "CREATE INDEX run_name ON run (project, name%BYTEWISE%, id)",
    "CREATE INDEX run_digest ON run (project, digest%BYTEWISE%, id) WHERE digest <> ''",
    "CREATE INDEX run_parent ON run (project, parent, id) WHERE parent IS NOT NULL",
    "CREATE INDEX run_cloned ON run (project, cloned_from, id) WHERE cloned_from IS NOT NULL",
    "CREATE INDEX run_created ON run (project, created_at, id)",
    "CREATE INDEX run_started ON run (project, started_at, id) WHERE started_at IS NOT NULL",
    "CREATE INDEX run_finished ON run (project, finished_at, id) WHERE finished_at IS NOT NULL",
)

_SQLITE_VALUES = f"""INSERT INTO run_value (run, source, name, project, number, text)
        SELECT NEW.id, '%SOURCE%', j.key, NEW.project,
            CASE WHEN j.type IN ('integer', 'real') THEN CAST(j.atom AS REAL)
                WHEN j.type = 'text' AND length(j.atom) <= 64 AND j.atom = trim(j.atom) AND json_valid(j.atom)
                    AND substr(j.atom, 1, 1) GLOB '[-0-9]' THEN CAST(j.atom AS REAL) END,
            CASE WHEN j.type IN ('true', 'false') THEN j.type
                WHEN j.type NOT IN ('integer', 'real') THEN substr(j.value, 1, {CUT}) END
        FROM json_each(NEW.%SOURCE%) j WHERE j.type <> 'null' AND length(j.key) <= {CUT}
        ON CONFLICT (run, source, name) DO UPDATE SET number = excluded.number, text = excluded.text
        WHERE number IS NOT excluded.number OR text IS NOT excluded.text;"""
_SQLITE_TAGS = f"""INSERT INTO run_tag (run, tag, project)
        SELECT NEW.id, substr(j.value, 1, {CUT}), NEW.project FROM json_each(NEW.tags) j WHERE true
        ON CONFLICT (run, tag) DO NOTHING;"""
_SQLITE_SOURCE = (
    f"""CREATE TRIGGER run_%SOURCE%_new AFTER INSERT ON run WHEN NEW.%SOURCE% <> '{{}}' BEGIN
        {_SQLITE_VALUES} END""",
    f"""CREATE TRIGGER run_%SOURCE%_changed AFTER UPDATE OF %SOURCE% ON run WHEN NEW.%SOURCE% <> OLD.%SOURCE% BEGIN
        DELETE FROM run_value WHERE run = NEW.id AND source = '%SOURCE%'
        AND name NOT IN (SELECT key FROM json_each(NEW.%SOURCE%) WHERE type <> 'null');
        {_SQLITE_VALUES} END""",
)
SQLITE = (
    *(statement.replace("%SOURCE%", source) for source in SOURCES for statement in _SQLITE_SOURCE),
    f"CREATE TRIGGER run_tags_new AFTER INSERT ON run WHEN NEW.tags <> '[]' BEGIN {_SQLITE_TAGS} END",
    f"""CREATE TRIGGER run_tags_changed AFTER UPDATE OF tags ON run WHEN NEW.tags <> OLD.tags BEGIN
        DELETE FROM run_tag WHERE run = NEW.id
        AND tag NOT IN (SELECT substr(value, 1, {CUT}) FROM json_each(NEW.tags));
        {_SQLITE_TAGS} END""",
    """CREATE TRIGGER metric_project AFTER INSERT ON metric WHEN NEW.project = '' BEGIN
        UPDATE metric SET project = (SELECT project FROM run WHERE id = NEW.run)
            WHERE run = NEW.run AND name = NEW.name;
        END""",
)

_NUMERIC = r"^-{0,1}(0|[1-9]\d*)(\.\d+){0,1}([eE][-+]{0,1}\d{1,3}){0,1}$"
"""A JSON number, without question marks: in statements those are parameters."""

POSTGRESQL = (
    """CREATE FUNCTION run_search_number(written text) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
        SELECT CASE WHEN abs(n) > 1e308 THEN NULL WHEN abs(n) < 1e-300 THEN 0 ELSE n::double precision END
        FROM (SELECT written::numeric AS n) x $$""",
    f"""CREATE FUNCTION run_search_values(run text, source text, project text, object text) RETURNS void
        LANGUAGE sql AS $$
        INSERT INTO run_value AS kept (run, source, name, project, number, text)
        SELECT run_search_values.run, run_search_values.source, j.key, run_search_values.project,
            CASE WHEN json_typeof(j.value) = 'number' THEN run_search_number(j.value #>> '{{}}')
                WHEN json_typeof(j.value) = 'string' AND length(j.value #>> '{{}}') <= 64
                    AND j.value #>> '{{}}' ~ '{_NUMERIC}' THEN run_search_number(j.value #>> '{{}}') END,
            CASE WHEN json_typeof(j.value) <> 'number' THEN left(j.value #>> '{{}}', {CUT}) END
        FROM json_each(replace(object, '\\u0000', '\\ufffd')::json) j
        WHERE json_typeof(j.value) <> 'null' AND length(j.key) <= {CUT}
        ON CONFLICT (run, source, name) DO UPDATE SET number = excluded.number, text = excluded.text
        WHERE kept.number IS DISTINCT FROM excluded.number OR kept.text IS DISTINCT FROM excluded.text $$""",
    f"""CREATE FUNCTION run_search_tags(run text, project text, list text) RETURNS void LANGUAGE sql AS $$
        INSERT INTO run_tag (run, tag, project)
        SELECT DISTINCT run_search_tags.run, left(j.value, {CUT}), run_search_tags.project
        FROM json_array_elements_text(replace(list, '\\u0000', '\\ufffd')::json) j
        ON CONFLICT (run, tag) DO NOTHING $$""",
    """CREATE FUNCTION run_searched() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'UPDATE' THEN
                DELETE FROM run_value v WHERE v.run = NEW.id AND (
                    v.source = 'params' AND NEW.params <> OLD.params
                    OR v.source = 'outputs' AND NEW.outputs <> OLD.outputs
                    OR v.source = 'meta' AND NEW.meta <> OLD.meta);
                IF NEW.tags <> OLD.tags THEN DELETE FROM run_tag t WHERE t.run = NEW.id; END IF;
            END IF;
            IF NEW.params <> '{}' AND NEW.params IS DISTINCT FROM OLD.params THEN
                PERFORM run_search_values(NEW.id, 'params', NEW.project, NEW.params); END IF;
            IF NEW.outputs <> '{}' AND NEW.outputs IS DISTINCT FROM OLD.outputs THEN
                PERFORM run_search_values(NEW.id, 'outputs', NEW.project, NEW.outputs); END IF;
            IF NEW.meta <> '{}' AND NEW.meta IS DISTINCT FROM OLD.meta THEN
                PERFORM run_search_values(NEW.id, 'meta', NEW.project, NEW.meta); END IF;
            IF NEW.tags <> '[]' AND NEW.tags IS DISTINCT FROM OLD.tags THEN
                PERFORM run_search_tags(NEW.id, NEW.project, NEW.tags); END IF;
            RETURN NULL;
        END $$""",
    """CREATE TRIGGER run_new AFTER INSERT ON run FOR EACH ROW
        WHEN (NEW.params <> '{}' OR NEW.outputs <> '{}' OR NEW.meta <> '{}' OR NEW.tags <> '[]')
        EXECUTE FUNCTION run_searched()""",
    """CREATE TRIGGER run_changed AFTER UPDATE OF params, outputs, meta, tags ON run FOR EACH ROW
        WHEN (NEW.params <> OLD.params OR NEW.outputs <> OLD.outputs OR NEW.meta <> OLD.meta OR NEW.tags <> OLD.tags)
        EXECUTE FUNCTION run_searched()""",
    """CREATE FUNCTION metric_project() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            SELECT r.project INTO NEW.project FROM run r WHERE r.id = NEW.run;
            RETURN NEW;
        END $$""",
    """CREATE TRIGGER metric_new BEFORE INSERT ON metric FOR EACH ROW WHEN (NEW.project = '')
        EXECUTE FUNCTION metric_project()""",
)
TRIGGERS: dict[Dialect, tuple[str, ...]] = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
