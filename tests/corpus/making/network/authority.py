"""A certificate authority of the stage's own."""

from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from corpus.making.freezing import hex_id
from corpus.making.network.stage import Stage
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Authority:
    """A certificate authority of the stage's own, and the certificates that it gives."""

    def __init__(self, stage: Stage, name: str) -> None:
        self.stage = stage
        self.key = generate_private_key(65537, 2048)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        begun = stage.begun - timedelta(days=900)
        made = self._builder(
            self.name, self.key.public_key(), begun, stage.begun + timedelta(days=900)
        )
        made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        made = made.add_extension(_uses(signs=True), critical=True)
        self.file = stage.folder / "ca.pem"
        self.file.write_bytes(made.sign(self.key, SHA256()).public_bytes(Encoding.PEM))

    def _builder(
        self, subject: x509.Name, key: Any, begins: datetime, ends: datetime
    ) -> x509.CertificateBuilder:
        made = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(key)
        )
        made = (
            made.serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
        )
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        return made.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
            critical=False,
        )

    def certificate(self, host: str, ends: datetime) -> tuple[Path, Path]:
        """Give a certificate for a host, and for this machine's own address."""
        key = generate_private_key(65537, 2048)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        made = self._builder(subject, key.public_key(), ends - timedelta(days=90), ends)
        names = [x509.DNSName(host), x509.IPAddress(ip_address("127.0.0.1"))]
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        files = self.stage.folder / f"{hex_id(6)}.pem", self.stage.folder / f"{hex_id(6)}.key"
        files[0].write_bytes(made.sign(self.key, SHA256()).public_bytes(Encoding.PEM))
        files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return files


def _uses(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(True, False, False, False, False, signs, signs, False, False)


def certificate_record(stage: Stage, target: str, ends: datetime, subject: str) -> dict[str, Any]:
    """Give the record of a probe that looked at a certificate."""
    said = f"subject=CN={subject} notAfter={ends:%b %d %H:%M:%S %Y} GMT"
    got: dict[str, Any] = {"status": None, "close_code": None, "headers": {}, "body_excerpt": said}
    return {
        "time": stage.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        "name": "certificate",
        "target": target,
        "expect": {"status": 200},
        "got": got,
        "ok": ends > stage.now(),
    }
