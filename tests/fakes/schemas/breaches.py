"""Migrations that each break one rule for the sake of older code, as lines to be planted.

They are made on the backend's store, which has policies, rights and views on PostgreSQL.
"""

from dataclasses import dataclass
from typing import Final

from fakes.postgres import SESSIONS
from fakes.schemas.compared import Rule

GROUND: Final = (
    "on_postgres = op.get_bind().dialect.name == 'postgresql'",
    "op.create_table('t_kinds', sa.Column('id', sa.String(40), primary_key=True))",
    """op.create_table(
        't_ground',
        sa.Column('id', sa.String(40), primary_key=True),
        sa.Column('name', sa.String(64), nullable=False),
        sa.Column('note', sa.String(64)),
        sa.Column('size', sa.Integer),
        sa.Column('kind', sa.String(40), nullable=False, server_default='a'),
        sa.UniqueConstraint('name', name='uq_ground_name'),
        sa.CheckConstraint('size > 0', name='ck_ground_size'),
        sa.ForeignKeyConstraint(['kind'], ['t_kinds.id'], 'fk_ground_kinds', ondelete='CASCADE'),
    )""",
    "op.execute('CREATE VIEW kinds AS SELECT id FROM t_kinds')",
    "if on_postgres:",
    (
        "    op.execute('CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN NEW; END $$')"
    ),
    (
        "    op.execute('CREATE TRIGGER kinds_touched BEFORE UPDATE ON t_kinds"
        " FOR EACH ROW EXECUTE FUNCTION touched()')"
    ),
    f"    op.execute('GRANT SELECT, INSERT, UPDATE, DELETE ON t_ground TO {SESSIONS}')",
    "else:",
    "    op.execute('CREATE TRIGGER kinds_touched BEFORE UPDATE ON t_kinds BEGIN SELECT 1; END')",
)
"""A table with one of each, for rules to be broken on."""

ON_GROUND: Final = "with op.batch_alter_table('t_ground') as ground: ground."


@dataclass(frozen=True)
class Breach:
    """A migration that breaks a rule and no other."""

    name: str
    rule: Rule
    lines: tuple[str, ...]
    on: str | None = None
    """The only kind of store it can be made on, if there is one."""


def on_ground(name: str, rule: Rule, change: str) -> Breach:
    """Change the table that has one of each."""
    return Breach(name, rule, (ON_GROUND + change,))


def on_postgres(name: str, rule: Rule, *statements: str) -> Breach:
    """Run statements that only PostgreSQL knows."""
    return Breach(name, rule, tuple(f"op.execute({sql!r})" for sql in statements), "postgres")


def on_sqlite(name: str, rule: Rule, *statements: str) -> Breach:
    """Run statements that only SQLite takes in this form."""
    return Breach(name, rule, tuple(f"op.execute({sql!r})" for sql in statements), "sqlite")


BREACHES: Final = (
    Breach("a-table-is-dropped", Rule.RELATION_GONE, ("op.drop_table('t_ground')",)),
    Breach(
        "a-table-is-renamed", Rule.RELATION_GONE, ("op.rename_table('t_ground', 't_ground_2')",)
    ),
    Breach("a-view-is-dropped", Rule.RELATION_GONE, ("op.execute('DROP VIEW kinds')",)),
    on_ground("a-column-is-dropped", Rule.COLUMN_GONE, "drop_column('note')"),
    on_ground(
        "a-column-is-renamed",
        Rule.COLUMN_GONE,
        "alter_column('note', new_column_name='remark', existing_type=sa.String(64))",
    ),
    on_ground(
        "a-text-is-shortened",
        Rule.TYPE_NARROWED,
        "alter_column('note', type_=sa.String(32), existing_type=sa.String(64))",
    ),
    on_ground(
        "a-number-becomes-a-text",
        Rule.TYPE_NARROWED,
        "alter_column('note', type_=sa.LargeBinary(), existing_type=sa.String(64),"
        " postgresql_using='note::bytea')",
    ),
    on_ground(
        "a-column-refuses-null",
        Rule.NULL_REFUSED,
        "alter_column('note', nullable=False, existing_type=sa.String(64))",
    ),
    on_ground(
        "a-column-allows-null",
        Rule.NULL_ALLOWED,
        "alter_column('name', nullable=True, existing_type=sa.String(64))",
    ),
    on_ground(
        "a-new-column-demands-a-value",
        Rule.VALUE_DEMANDED,
        "add_column(sa.Column('weight', sa.Integer, nullable=False))",
    ),
    on_ground(
        "a-default-is-taken-away",
        Rule.DEFAULT_CHANGED,
        "alter_column('kind', server_default=None, existing_type=sa.String(40))",
    ),
    on_ground(
        "a-default-is-another",
        Rule.DEFAULT_CHANGED,
        "alter_column('kind', server_default='b', existing_type=sa.String(40))",
    ),
    Breach(
        "a-column-is-made-by-the-database",
        Rule.NOT_WRITABLE,
        (
            ON_GROUND + "drop_column('note')",
            ON_GROUND
            + "add_column(sa.Column('note', sa.String(64), sa.Computed('name', persisted=True)))",
        ),
    ),
    on_ground(
        "a-constraint-makes-unique",
        Rule.CONSTRAINT_ADDED,
        "create_unique_constraint('uq_ground_note', ['note'])",
    ),
    Breach(
        "an-index-makes-unique",
        Rule.CONSTRAINT_ADDED,
        ("op.create_index('ix_note', 't_ground', ['note'], unique=True)",),
    ),
    on_ground(
        "a-check-is-added",
        Rule.CONSTRAINT_ADDED,
        "create_check_constraint('ck_ground_note', \"note != 'x'\")",
    ),
    on_ground(
        "a-foreign-key-is-added",
        Rule.CONSTRAINT_ADDED,
        "create_foreign_key('fk_ground_note', 't_kinds', ['note'], ['id'], ondelete='CASCADE')",
    ),
    on_ground(
        "nothing-is-unique-any-more",
        Rule.CONSTRAINT_GONE,
        "drop_constraint('uq_ground_name', type_='unique')",
    ),
    on_ground(
        "a-check-is-dropped",
        Rule.CONSTRAINT_GONE,
        "drop_constraint('ck_ground_size', type_='check')",
    ),
    on_ground(
        "a-foreign-key-is-dropped",
        Rule.CONSTRAINT_GONE,
        "drop_constraint('fk_ground_kinds', type_='foreignkey')",
    ),
    Breach(
        "a-new-table-keeps-rows-of-an-old-one",
        Rule.ROWS_HELD,
        (
            (
                "op.create_table('t_more', sa.Column('id', sa.String(40), primary_key=True),"
                " sa.Column('kind', sa.String(40), sa.ForeignKey('t_kinds.id')))"
            ),
        ),
    ),
    on_sqlite(
        "a-trigger-is-added",
        Rule.TRIGGER_ADDED,
        "CREATE TRIGGER ground_touched BEFORE UPDATE ON t_ground BEGIN SELECT 1; END",
    ),
    on_postgres(
        "a-trigger-is-added",
        Rule.TRIGGER_ADDED,
        "CREATE TRIGGER ground_touched BEFORE UPDATE ON t_ground"
        " FOR EACH ROW EXECUTE FUNCTION touched()",
    ),
    on_sqlite("a-trigger-is-dropped", Rule.TRIGGER_GONE, "DROP TRIGGER kinds_touched"),
    on_postgres("a-trigger-is-dropped", Rule.TRIGGER_GONE, "DROP TRIGGER kinds_touched ON t_kinds"),
    on_postgres(
        "a-function-does-something-else",
        Rule.FUNCTION_CHANGED,
        "CREATE OR REPLACE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RETURN NULL; END $$",
    ),
    Breach(
        "a-view-shows-other-rows",
        Rule.VIEW_CHANGED,
        (
            "op.execute('DROP VIEW kinds')",
            "op.execute(\"CREATE VIEW kinds AS SELECT id FROM t_kinds WHERE id > 'b'\")",
        ),
    ),
    on_postgres(
        "a-view-asks-for-nobody",
        Rule.VIEW_CHANGED,
        "ALTER VIEW threads SET (security_invoker = false)",
    ),
    on_postgres("a-policy-is-dropped", Rule.POLICY_GONE, "DROP POLICY runs_select ON t_runs"),
    on_postgres(
        "a-policy-says-something-else",
        Rule.POLICY_GONE,
        "ALTER POLICY principal ON t_threads USING (false)",
    ),
    on_postgres(
        "a-policy-hides-rows",
        Rule.POLICY_NARROWS,
        "CREATE POLICY hides ON t_threads AS RESTRICTIVE USING (false)",
    ),
    on_postgres(
        "a-fence-is-put-up", Rule.FENCE_CHANGED, "ALTER TABLE t_ground ENABLE ROW LEVEL SECURITY"
    ),
    on_postgres(
        "a-fence-is-no-longer-forced",
        Rule.FENCE_CHANGED,
        "ALTER TABLE t_threads NO FORCE ROW LEVEL SECURITY",
    ),
    on_postgres(
        "a-right-is-taken-away", Rule.PRIVILEGE_GONE, f"REVOKE DELETE ON t_ground FROM {SESSIONS}"
    ),
)

HARMLESS: Final = (
    ON_GROUND + "add_column(sa.Column('weight', sa.Integer))",
    ON_GROUND + "add_column(sa.Column('colour', sa.String(8), nullable=False, server_default='r'))",
    ON_GROUND + "alter_column('note', type_=sa.Text(), existing_type=sa.String(64))",
    ON_GROUND + "alter_column('size', type_=sa.BigInteger(), existing_type=sa.Integer())",
    "op.create_index('ix_note', 't_ground', ['note'])",
    (
        "op.create_table('t_more', sa.Column('id', sa.String(40), primary_key=True),"
        " sa.Column('kind', sa.String(40), sa.ForeignKey('t_kinds.id', ondelete='CASCADE')),"
        " sa.UniqueConstraint('kind'), sa.CheckConstraint('id > kind', name='more'))"
    ),
)
HARMLESS_ON_POSTGRES: Final = (
    "if op.get_bind().dialect.name == 'postgresql':",
    '    op.execute("ALTER TABLE t_threads ADD COLUMN colour VARCHAR(8)")',
    (
        "    op.execute('CREATE OR REPLACE VIEW threads WITH (security_invoker = true) AS"
        " SELECT id, owner_id, title, created_at, updated_at, colour FROM t_threads')"
    ),
    "    op.execute('CREATE POLICY more ON t_threads USING (false)')",
    "    op.execute('ALTER TABLE t_more ENABLE ROW LEVEL SECURITY')",
)
