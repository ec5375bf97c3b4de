"""The cells of workbooks, of every form that Excel writes: XLSX, XLSM, XLSB and XLS."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Final

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

from archive.capture.extract.sink import Sink, UnreadableError
from archive.model.unreadable import Unreadable

_CELL_SHEETS: Final = (SheetTypeEnum.WorkSheet, SheetTypeEnum.MacroSheet, SheetTypeEnum.DialogSheet)
Cell = int | float | str | bool | time | date | datetime | timedelta


def read_sheets(data: bytes, sink: Sink) -> None:
    """Read the cells of all sheets, hidden ones too, a line for a row."""
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
    except PasswordError as error:
        raise UnreadableError(Unreadable.ENCRYPTED) from error
    except (CalamineError, OSError, ValueError) as error:
        if "password" in str(error).lower():
            raise UnreadableError(Unreadable.ENCRYPTED) from error
        raise UnreadableError(Unreadable.DAMAGED) from error
    with workbook:
        for sheet in workbook.sheets_metadata:
            sink.add(f"{sheet.name}\n")
            if sheet.typ not in _CELL_SHEETS:
                continue
            try:
                rows = workbook.get_sheet_by_name(sheet.name).iter_rows()
                for row in rows:
                    _read_row(row, sink)
            except (CalamineError, ValueError):
                sink.miss(Unreadable.DAMAGED)


def _read_row(row: Sequence[Cell], sink: Sink) -> None:
    cells = [_shown(cell) for cell in row]
    if any(cells):
        sink.add("\t".join(cells).rstrip() + "\n")


def _shown(cell: Cell) -> str:
    match cell:
        case bool():
            return str(cell).upper()
        case float() if cell.is_integer() and abs(cell) < 1e15:
            # Excel keeps every number as a float; a reader sees 42, not 42.0.
            return str(int(cell))
        case datetime():
            return cell.isoformat(" ")
        case _:
            return str(cell)
