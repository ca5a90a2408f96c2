"""Backing a store up, and making a restored one fit to serve.

A restored store has forgotten what happened since its backup. So every session in it is ended
(one that was ended since would come alive again), its revocation feed goes on with numbers that
were never handed out (a follower would take new ones for old), and the restoring is recorded.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from netra.clock import Clock, as_iso
from netra.errors import NetraError
from netra.telemetry import event_logger
from netra.wire.auth_admin import ChainReport
from netra_auth.audit import STARTUP, Act, AuditEvent, AuditTrail, Outcome
from netra_auth.audit.records import AuditRecords
from netra_auth.identities.revocations import Revocations
from netra_auth.identities.sessions import Sessions
from netra_auth.keyring.keyring import open_keyring
from netra_auth.limits.known_devices import KnownDevices
from netra_auth.settings import Settings
from netra_auth.store import backup
from netra_auth.store.backup import BackupRefused
from netra_auth.store.engine import Database
from netra_auth.store.repositories import mail_requests
from netra_auth.store.schema_version import require_fit

_log = event_logger("netra_auth.recovery")

_OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a command does to the store of some settings."""

    settings: Settings
    clock: Clock

    async def back_up(self, target: Path) -> None:
        """Copy the store, in use or not, check the copy, and give it its name.

        Raises:
            BackupRefused: The store is no file, the target is there, or the copy is not good.
            StoreNotAtHead: The store has a version that this code does not work with.
        """
        store = backup.store_file(self.settings.database_url)
        unfinished = await asyncio.to_thread(backup.copy_of, store, target)
        try:
            report = await self._checked(unfinished)
            await asyncio.to_thread(backup.finish, unfinished, target)
        finally:
            unfinished.unlink(missing_ok=True)
        _log.info(
            "store_backed_up",
            message=f"The store was copied to {target}, and the copy is whole",
            file=str(target),
            audit_rows=report.rows,
            head_seq=report.head_seq,
            head_hash=report.head_hash,
        )

    async def restore(self, source: Path, *, force: bool) -> None:
        """Put a backup in the store's place, and keep what was there under another name.

        Raises:
            BackupRefused: The backup is not good, the store is in use, or it knows more than the
                backup and nobody insists.
            StoreNotAtHead: The backup has a version that this code does not work with.
            KeyringUnusable: KEYRING_ENCRYPTION_KEY does not open the backup's signing key.
        """
        store = backup.store_file(self.settings.database_url)
        unfinished = await asyncio.to_thread(backup.second_copy, source, store)
        try:
            report = await self._checked(unfinished)
            aside = None
            if store.exists():
                await asyncio.to_thread(backup.require_unused, store)
                if not force:
                    await self._require_not_newer(store, report)
            database = Database(backup.url_of(unfinished))
            try:
                await self._settled(database, f"from {source.name}")
            finally:
                await database.close()
            await asyncio.to_thread(backup.require_unused, unfinished)
            if store.exists():
                moment = as_iso(self.clock.timestamp()).translate(str.maketrans("", "", "-:."))
                aside = backup.set_aside(store, moment)
            await asyncio.to_thread(backup.finish, unfinished, store)
        finally:
            unfinished.unlink(missing_ok=True)
        _log.info(
            "store_restored",
            message=f"The store was restored from {source}; every session in it was ended",
            file=str(source),
            set_aside=None if aside is None else str(aside),
            head_seq=report.head_seq,
            head_hash=report.head_hash,
        )

    async def settle_restored(self) -> None:
        """Make a store fit to serve that was restored by the database's own tools.

        Raises:
            StoreNotAtHead: It has a version that this code does not work with.
            KeyringUnusable: KEYRING_ENCRYPTION_KEY does not open its signing key.
            DatabaseUnavailable: It cannot be reached.
        """
        database = Database(self.settings.database_url)
        try:
            await require_fit(database)
            await self._settled(database, "by the database's own tools")
        finally:
            await database.close()
        _log.info("store_restored", message="Every session in the restored store was ended")

    async def _checked(self, file: Path) -> ChainReport:
        """Check a copy: its pages, its version, its audit record."""
        await asyncio.to_thread(backup.require_sound, file)
        database = Database(backup.url_of(file))
        try:
            await require_fit(database)
            report = await AuditRecords(database).verified()
        finally:
            await database.close()
            await asyncio.to_thread(backup.require_unused, file)
        if not report.is_whole:
            raise BackupRefused(f"The audit record in {file} is not whole: {report.says}.")
        return report

    async def _require_not_newer(self, store: Path, of_backup: ChainReport) -> None:
        """Refuse to replace a store that knows of more than the backup does."""
        try:
            of_store = await self._checked(store)
        except (NetraError, SQLAlchemyError) as error:
            raise BackupRefused(
                f"{store} cannot be compared with the backup ({type(error).__name__}); restore "
                "with --force if it is to be replaced. It is kept under another name."
            ) from error
        if of_store.head_seq > of_backup.head_seq:
            raise BackupRefused(
                f"{store} has {of_store.head_seq} recorded acts and the backup "
                f"{of_backup.head_seq}: what happened since would be lost. Restore with --force "
                "if that is meant. The present store is kept under another name."
            )

    async def _settled(self, database: Database, how: str) -> None:
        audit = AuditTrail(database, self.clock)
        revocations = Revocations(database, self.clock)
        devices = KnownDevices(database, self.clock)
        sessions = Sessions(database, revocations, devices, self.clock)
        await open_keyring(self.settings, database, audit, self.clock)
        async with database.transaction() as transaction:
            await revocations.go_on_unseen(transaction)
            # A link that was used after the backup would work a second time.
            await mail_requests.remove_every_one(transaction.connection)
            ended = await sessions.end_every_one(transaction)
            act = Act(
                event=AuditEvent.STORE_RESTORED,
                outcome=Outcome.SUCCESS,
                origin=STARTUP,
                actor=_OPERATOR,
                reason=f"{how}; {ended} sessions were ended",
            )
            await audit.note(transaction, act)
