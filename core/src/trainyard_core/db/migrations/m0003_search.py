"""What runs are searched by: a row for each param, output and meta value, a row for each tag, and indexes for filters
and sorts in a project.

The rows are kept by triggers on `run`, so that whoever writes a run's JSON keeps them too. Names and texts are cut at
256 characters. A text that is written like a JSON number counts as that number as well.
"""

from __future__ import annotations

from trainyard_core.db.engine import Tx

FAMILIES = {"params": "inputs", "outputs": "outputs", "meta": "meta"}
CUT = 256
KEYED = {"sqlite": " WITHOUT ROWID", "postgresql": ""}
BYTES = {"sqlite": "", "postgresql": ' COLLATE "C"'}

TABLES = (
    """CREATE TABLE run_value (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            source TEXT NOT NULL,
            name TEXT NOT NULL,
            project TEXT NOT NULL,
            number DOUBLE PRECISION,
            text TEXT,
            PRIMARY KEY (run, source, name))%KEYED%""",
    """CREATE TABLE run_tag (
            run TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
            tag TEXT NOT NULL,
            project TEXT NOT NULL,
            PRIMARY KEY (run, tag))%KEYED%""",
    "ALTER TABLE metric ADD COLUMN project TEXT NOT NULL DEFAULT ''",
    "UPDATE metric SET project = (SELECT project FROM run WHERE run.id = metric.run)",
)

INDEXES = (
    "CREATE INDEX run_value_number ON run_value (project, source, name, number, run) WHERE number IS NOT NULL",
    "CREATE INDEX run_value_text ON run_value (project, source, name, text%BYTES%, run) WHERE text IS NOT NULL",
    "CREATE INDEX run_tag_tag ON run_tag (project, tag, run)",
    "DROP INDEX metric_name",
    "CREATE INDEX metric_last ON metric (project, name, last, run)",
    "CREATE INDEX metric_low ON metric (project, name, low, run)",
    "CREATE INDEX metric_high ON metric (project, name, high, run)",
    "CREATE INDEX run_status ON run (project, status%BYTES%, id)",
    "CREATE INDEX run_queue ON run (project, queue%BYTES%, id)",
    "CREATE INDEX run_name ON run (project, name%BYTES%, id)",
    "CREATE INDEX run_digest ON run (project, digest%BYTES%, id) WHERE digest <> ''",
    "CREATE INDEX run_parent ON run (project, parent, id) WHERE parent IS NOT NULL",
    "CREATE INDEX run_cloned ON run (project, cloned_from, id) WHERE cloned_from IS NOT NULL",
    "CREATE INDEX run_created ON run (project, created_at, id)",
    "CREATE INDEX run_started ON run (project, started_at, id) WHERE started_at IS NOT NULL",
    "CREATE INDEX run_finished ON run (project, finished_at, id) WHERE finished_at IS NOT NULL",
)


async def forwards(tx: Tx) -> None:
    """Create the tables, fill them from the runs that there are, and have triggers keep them."""
    for statement in (*TABLES, *INDEXES):
        await tx.run(statement.replace("%KEYED%", KEYED[tx.dialect]).replace("%BYTES%", BYTES[tx.dialect]))
    for statement in _sqlite() if tx.dialect == "sqlite" else POSTGRESQL:
        await tx.run(statement)


def _sqlite() -> list[str]:
    """One trigger for each column and way to change it, with the same statements that fill the tables at first."""
    statements = [_METRIC, _new("tags", "[]", _tags("NEW.")), _changed("tags", _FORGET_TAGS, _tags("NEW."))]
    for source, column in FAMILIES.items():
        keep = _values("NEW.", source, column)
        forget = (
            f"DELETE FROM run_value WHERE run = NEW.id AND source = '{source}'"
            f" AND name NOT IN (SELECT key FROM json_each(NEW.{column}) WHERE type <> 'null')"
        )
        statements += [_new(column, "{}", keep), _changed(column, forget, keep)]
        statements.append(_values("run.", source, column, table="run, "))
    return [*statements, _tags("run.", table="run, ")]


_METRIC = """CREATE TRIGGER metric_project AFTER INSERT ON metric WHEN NEW.project = '' BEGIN
    UPDATE metric SET project = (SELECT project FROM run WHERE id = NEW.run)
        WHERE run = NEW.run AND name = NEW.name;
    END"""
_FORGET_TAGS = (
    f"DELETE FROM run_tag WHERE run = NEW.id AND tag NOT IN (SELECT substr(value, 1, {CUT}) FROM json_each(NEW.tags))"
)


def _new(column: str, empty: str, keep: str) -> str:
    return f"CREATE TRIGGER run_{column}_new AFTER INSERT ON run WHEN NEW.{column} <> '{empty}' BEGIN {keep}; END"


def _changed(column: str, forget: str, keep: str) -> str:
    return (
        f"CREATE TRIGGER run_{column}_changed AFTER UPDATE OF {column} ON run WHEN NEW.{column} <> OLD.{column}"
        f" BEGIN {forget}; {keep}; END"
    )


def _values(run: str, source: str, column: str, *, table: str = "") -> str:
    number = "j.type = 'text' AND length(j.atom) <= 64 AND j.atom = trim(j.atom) AND json_valid(j.atom)"
    return f"""INSERT INTO run_value (run, source, name, project, number, text)
        SELECT {run}id, '{source}', j.key, {run}project,
            CASE WHEN j.type IN ('integer', 'real') THEN CAST(j.atom AS REAL)
                WHEN {number} AND substr(j.atom, 1, 1) GLOB '[-0-9]' THEN CAST(j.atom AS REAL) END,
            CASE WHEN j.type IN ('true', 'false') THEN j.type
                WHEN j.type NOT IN ('integer', 'real') THEN substr(j.value, 1, {CUT}) END
        FROM {table}json_each({run}{column}) j WHERE j.type <> 'null' AND length(j.key) <= {CUT}
        ON CONFLICT (run, source, name) DO UPDATE SET number = excluded.number, text = excluded.text
        WHERE number IS NOT excluded.number OR text IS NOT excluded.text"""


def _tags(run: str, *, table: str = "") -> str:
    return f"""INSERT INTO run_tag (run, tag, project)
        SELECT {run}id, substr(j.value, 1, {CUT}), {run}project FROM {table}json_each({run}tags) j WHERE true
        ON CONFLICT (run, tag) DO NOTHING"""


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
                    v.source = 'params' AND NEW.inputs <> OLD.inputs
                    OR v.source = 'outputs' AND NEW.outputs <> OLD.outputs
                    OR v.source = 'meta' AND NEW.meta <> OLD.meta);
                IF NEW.tags <> OLD.tags THEN DELETE FROM run_tag t WHERE t.run = NEW.id; END IF;
            END IF;
            IF NEW.inputs <> '{}' AND NEW.inputs IS DISTINCT FROM OLD.inputs THEN
                PERFORM run_search_values(NEW.id, 'params', NEW.project, NEW.inputs); END IF;
            IF NEW.outputs <> '{}' AND NEW.outputs IS DISTINCT FROM OLD.outputs THEN
                PERFORM run_search_values(NEW.id, 'outputs', NEW.project, NEW.outputs); END IF;
            IF NEW.meta <> '{}' AND NEW.meta IS DISTINCT FROM OLD.meta THEN
                PERFORM run_search_values(NEW.id, 'meta', NEW.project, NEW.meta); END IF;
            IF NEW.tags <> '[]' AND NEW.tags IS DISTINCT FROM OLD.tags THEN
                PERFORM run_search_tags(NEW.id, NEW.project, NEW.tags); END IF;
            RETURN NULL;
        END $$""",
    """CREATE TRIGGER run_new AFTER INSERT ON run FOR EACH ROW
        WHEN (NEW.inputs <> '{}' OR NEW.outputs <> '{}' OR NEW.meta <> '{}' OR NEW.tags <> '[]')
        EXECUTE FUNCTION run_searched()""",
    """CREATE TRIGGER run_changed AFTER UPDATE OF inputs, outputs, meta, tags ON run FOR EACH ROW
        WHEN (NEW.inputs <> OLD.inputs OR NEW.outputs <> OLD.outputs OR NEW.meta <> OLD.meta OR NEW.tags <> OLD.tags)
        EXECUTE FUNCTION run_searched()""",
    """CREATE FUNCTION metric_project() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            SELECT r.project INTO NEW.project FROM run r WHERE r.id = NEW.run;
            RETURN NEW;
        END $$""",
    """CREATE TRIGGER metric_new BEFORE INSERT ON metric FOR EACH ROW WHEN (NEW.project = '')
        EXECUTE FUNCTION metric_project()""",
    """SELECT run_search_values(id, 'params', project, inputs), run_search_values(id, 'outputs', project, outputs),
        run_search_values(id, 'meta', project, meta), run_search_tags(id, project, tags) FROM run""",
)
