"""What is attached to mail, tickets and files: documents about what the conversation is about."""

from random import Random

from scripts.demo import documents
from scripts.demo.company import texts
from scripts.demo.items import Enclosure
from scripts.demo.phrasing import Details, expand


def enclosure(kind: str, rng: Random, details: Details, language: str) -> Enclosure:
    """Return a document of a kind: quote, invoice, agreement, readings, list, minutes, note."""
    match kind:
        case "quote" | "invoice":
            return _priced(kind, rng, details, language)
        case "agreement":
            return _agreement(rng, details, language)
        case "readings":
            return _readings(rng, details)
        case "list":
            return _list(rng, details)
        case "minutes" | "note":
            return documents.text(
                f"{kind}-{details['project'].lower()}", _lines(kind, rng, details)
            )
    raise ValueError(f"There is no enclosure {kind!r}.")


def _lines(kind: str, rng: Random, details: Details, language: str = "en") -> list[str]:
    lines = texts(language).get("documents", {}).get(kind)
    return [expand(line, rng, details) for line in lines or texts("en")["documents"][kind]]


def _priced(kind: str, rng: Random, details: Details, language: str) -> Enclosure:
    number = details["invoice"] if kind == "invoice" else details["order"]
    lines = _lines(kind, rng, details, language)
    return documents.pdf(number, lines[0], lines[1:])


def _agreement(rng: Random, details: Details, language: str) -> Enclosure:
    lines = _lines("agreement", rng, details, language)
    return documents.docx(f"agreement-{details['order']}", lines[0], lines[1:])


def _readings(rng: Random, details: Details) -> Enclosure:
    rows = [["serial", "cycle", "capacity Wh", "temperature C", "remark"]]
    for number in range(rng.randrange(8, 30)):
        remark = rng.choice(("", "", "", "swollen", "retest", "within limits", "vent open"))
        capacity, heat = rng.randrange(4400, 5200), rng.randrange(19, 61)
        rows.append([details["serial"], str(25 * number), str(capacity), str(heat), remark])
    return documents.xlsx(f"readings-{details['serial']}", "Readings", rows)


def _list(rng: Random, details: Details) -> Enclosure:
    rows = [["order", "product", "site", "quantity", "status"]]
    for number in range(rng.randrange(5, 18)):
        status = rng.choice(("open", "shipped", "installed", "waiting for parts", "cancelled"))
        product = details[f"product{number}"]
        rows.append(
            [
                details[f"order{number}"],
                product,
                details[f"site{number}"],
                str(rng.randrange(1, 9)),
                status,
            ]
        )
    return documents.table(f"orders-{details['month'].replace(' ', '-').lower()}", rows)
