"""Sessions by any part of a text; those that are there get theirs in the background"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# A session's text begins and ends with a newline, and so does each line of it.
SQLITE = (
    """CREATE VIRTUAL TABLE session_search_index USING fts5(text, content='session_search',
        content_rowid='place', tokenize='trigram', detail='none', columnsize=0)""",
    """CREATE TRIGGER search_text_inserted AFTER INSERT ON session_search BEGIN
        INSERT INTO session_search_index (rowid, text) VALUES (new.place, new.text);
    END""",
    """CREATE TRIGGER search_text_updated AFTER UPDATE OF text ON session_search
        WHEN old.text <> new.text BEGIN
        INSERT INTO session_search_index (session_search_index, rowid, text)
            VALUES ('delete', old.place, old.text);
        INSERT INTO session_search_index (rowid, text) VALUES (new.place, new.text);
    END""",
    """CREATE TRIGGER search_text_deleted AFTER DELETE ON session_search BEGIN
        INSERT INTO session_search_index (session_search_index, rowid, text)
            VALUES ('delete', old.place, old.text);
    END""",
    """CREATE TRIGGER search_session_inserted AFTER INSERT ON checkout_sessions
        WHEN NOT EXISTS (SELECT 1 FROM session_search WHERE session_id = new.id) BEGIN
        INSERT INTO session_search (place, session_id, text) VALUES (
            (SELECT coalesce(max(place) + 1, new.created * 2147483648) FROM session_search
                WHERE place >= new.created * 2147483648
                AND place < (new.created + 1) * 2147483648),
            new.id, char(10) || lower(new.id) || char(10));
    END""",
    """CREATE TRIGGER search_session_deleted AFTER DELETE ON checkout_sessions BEGIN
        DELETE FROM session_search WHERE session_id = old.id;
    END""",
    """CREATE TRIGGER search_term_inserted AFTER INSERT ON session_terms
        WHEN new.term NOT GLOB 'pi_*' AND new.term NOT GLOB 'cus_*'
        AND new.term NOT GLOB 'sub_*' AND new.term NOT GLOB 'in_*' BEGIN
        UPDATE session_search SET text = text || new.term || char(10)
            WHERE session_id = new.session_id AND instr(text, new.term) = 0;
    END""",
    """CREATE TRIGGER search_term_deleted AFTER DELETE ON session_terms BEGIN
        UPDATE session_search
            SET text = replace(text, char(10) || old.term || char(10), char(10))
            WHERE session_id = old.session_id
            AND instr(text, char(10) || old.term || char(10)) > 0;
    END""",
)
POSTGRESQL = (
    # Not by pg_trgm, which is no part of every PostgreSQL and which not everybody may install.
    """CREATE FUNCTION search_trigrams(searched text) RETURNS text[]
        LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
        SELECT array(SELECT substr(searched, i, 3) FROM generate_series(1, length(searched) - 2) i)
        $$""",
    """CREATE INDEX session_search_trigrams ON session_search
        USING gin (search_trigrams(text))""",
    """CREATE FUNCTION search_session_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            INSERT INTO session_search (place, session_id, text)
            VALUES (NEW.created * 2147483648 + (hashtext(NEW.id) & 2147483647), NEW.id,
                E'\\n' || lower(NEW.id) || E'\\n')
            ON CONFLICT DO NOTHING;
            RETURN NULL;
        END $$""",
    """CREATE FUNCTION search_session_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            DELETE FROM session_search USING removed WHERE session_id = removed.id;
            RETURN NULL;
        END $$""",
    # A plan is made once, and that on tables that may still be empty.
    """CREATE FUNCTION search_term_inserted() RETURNS trigger LANGUAGE plpgsql
        SET enable_seqscan = off AS $$
        BEGIN
            IF NOT EXISTS (SELECT FROM added) THEN
                RETURN NULL;
            END IF;
            UPDATE session_search SET text = text || lines FROM (
                SELECT added.session_id, string_agg(term || E'\\n', '') AS lines
                FROM added JOIN session_search AS known ON known.session_id = added.session_id
                WHERE strpos(known.text, term) = 0 AND term !~ '^(pi|cus|sub|in)_'
                GROUP BY added.session_id
            ) AS more WHERE session_search.session_id = more.session_id;
            RETURN NULL;
        END $$""",
    """CREATE FUNCTION search_term_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE one record;
        BEGIN
            FOR one IN SELECT session_id, E'\\n' || term || E'\\n' AS line FROM removed LOOP
                UPDATE session_search SET text = replace(text, one.line, E'\\n')
                WHERE session_search.session_id = one.session_id AND strpos(text, one.line) > 0;
            END LOOP;
            RETURN NULL;
        END $$""",
    """CREATE TRIGGER search_session_inserted AFTER INSERT ON checkout_sessions
        FOR EACH ROW EXECUTE FUNCTION search_session_inserted()""",
    """CREATE TRIGGER search_session_deleted AFTER DELETE ON checkout_sessions
        REFERENCING OLD TABLE AS removed
        FOR EACH STATEMENT EXECUTE FUNCTION search_session_deleted()""",
    """CREATE TRIGGER search_term_inserted AFTER INSERT ON session_terms
        REFERENCING NEW TABLE AS added
        FOR EACH STATEMENT EXECUTE FUNCTION search_term_inserted()""",
    """CREATE TRIGGER search_term_deleted AFTER DELETE ON session_terms
        REFERENCING OLD TABLE AS removed
        FOR EACH STATEMENT EXECUTE FUNCTION search_term_deleted()""",
)
# Where the state says down to which session older ones have their text: none has.
FILL = """
INSERT INTO sync_state (name, value)
SELECT 'session_search', '{"created": 9999999999, "id": ""}'
WHERE EXISTS (SELECT 1 FROM checkout_sessions)
"""


def upgrade() -> None:
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    collation = None if is_sqlite else "C"
    op.create_table(
        "session_search",
        sa.Column("place", sa.Integer() if is_sqlite else sa.BigInteger(), autoincrement=False),
        sa.Column("session_id", sa.String(300, collation=collation), nullable=False),
        sa.Column("text", sa.Text(collation=collation), nullable=False),
        sa.PrimaryKeyConstraint("place"),
        sa.UniqueConstraint("session_id"),
    )
    for statement in SQLITE if is_sqlite else POSTGRESQL:
        op.get_bind().exec_driver_sql(statement)
    op.get_bind().exec_driver_sql(FILL)
