"""A certificate as a page to be printed: PDF, the same to the byte from the same certificate."""

from importlib.resources import files

from archive.errors import CorruptError
from policies.purging.answers import CertificateAnswer


def pdf_of(answer: CertificateAnswer) -> bytes:
    """Return a certificate as PDF; CorruptError if it cannot be laid out."""
    # It takes a moment to load, and few processes need it.
    import typst

    template = files(__package__).joinpath("certificate.typ").read_bytes()
    added = answer.supplement
    told = {
        "certificate": answer.document,
        "note": answer.note,
        "supplement": added.document if added else "",
        "supplement-note": added.note if added else "",
    }
    try:
        return typst.compile(template, sys_inputs=told, ignore_system_fonts=True)
    except RuntimeError as error:
        raise CorruptError("The certificate cannot be laid out as a page.") from error
