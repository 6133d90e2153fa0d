"""TLS from files that may be replaced while the server runs."""

import logging
import os
from dataclasses import dataclass
from pathlib import Path

import grpc

from strangler_services.errors import SettingsError

__all__ = ["TLS", "tls_trouble"]

logger = logging.getLogger("strangler_services")


@dataclass(frozen=True, slots=True, kw_only=True)
class TLS:
    """PEM files: the certificate chain, its key, and for mTLS the authority that signs the clients' certificates."""

    certificate: Path
    key: Path
    client_ca: Path | None = None

    def credentials(self) -> grpc.ServerCredentials:
        """Credentials that read the files again when one of them changes; `SettingsError` if one cannot be read."""
        try:
            certificates = _Certificates(self)
            initial = certificates.read()
        except OSError as error:
            raise SettingsError(f"TLS file {error.filename} cannot be read: {error.strerror}") from error
        return grpc.dynamic_ssl_server_credentials(
            initial,
            certificates.changed,  # type: ignore[arg-type]  # the stub forgets that None keeps what is in use
            require_client_authentication=self.client_ca is not None,
        )

    def files(self) -> tuple[Path, ...]:
        """The files that are in use."""
        return (self.certificate, self.key) if self.client_ca is None else (self.certificate, self.key, self.client_ca)


class _Certificates:
    def __init__(self, tls: TLS) -> None:
        self._tls = tls
        self._stamp = self._look()

    def read(self) -> grpc.ServerCertificateConfiguration:
        ca = self._tls.client_ca
        return grpc.ssl_server_certificate_configuration(
            [(self._tls.key.read_bytes(), self._tls.certificate.read_bytes())],
            root_certificates=None if ca is None else ca.read_bytes(),
        )

    def changed(self) -> grpc.ServerCertificateConfiguration | None:
        """Called by grpc before each handshake; None keeps what is in use."""
        try:
            stamp = self._look()
            if stamp == self._stamp:
                return None
            configuration = self.read()
        except OSError as error:
            logger.warning("TLS file %s cannot be read (%s); the previous one stays", error.filename, error.strerror)
            return None
        self._stamp = stamp
        logger.info("TLS files changed and were read again")
        return configuration

    def _look(self) -> tuple[tuple[int, int, int], ...]:
        states = (os.stat(path) for path in self._tls.files())  # noqa: PTH116  # one call a handshake
        return tuple((state.st_mtime_ns, state.st_ino, state.st_size) for state in states)


def tls_trouble(details: str) -> str | None:
    """What is wrong with TLS, from the `details()` that a client's channel failed with; None if it is not TLS.

    In TLS 1.3 a client learns of its own certificate's refusal as a closed socket only (RFC 8446, 4.4.2.4).
    """
    if not details.startswith(FAILED_CONNECTIONS):
        return None
    for fragment, trouble in TROUBLES.items():
        if fragment in details:
            return trouble
    return None


# As pick_first and round_robin say it.
FAILED_CONNECTIONS = ("failed to connect", "connections to all backends failing")
WRONG_CA = "the server's certificate is not signed by the CA that this client trusts"
TROUBLES = {
    "Hostname Verification Check failed": "the server's certificate is for another name",
    "certificate has expired": "the server's certificate has expired",
    "certificate is not yet valid": "the server's certificate is not valid yet",
    "unable to get local issuer certificate": WRONG_CA,
    "certificate signature failure": WRONG_CA,
    "self signed certificate": WRONG_CA,
    "self-signed certificate": WRONG_CA,
    "WRONG_VERSION_NUMBER": "the server speaks plaintext, this client TLS",
    "Socket closed": "the server closed the new connection; it wants TLS, or a client certificate that it trusts",
}
