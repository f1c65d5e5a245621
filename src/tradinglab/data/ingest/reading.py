"""Files into rows that are checked one by one, and kept on the disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from tradinglab.data.errors import DataImportError
from tradinglab.data.ingest.journal import Journal
from tradinglab.data.ingest.staging import Staging
from tradinglab.data.ingest.watching import Watch
from tradinglab.data.store.rows import FileReader, Rows
from tradinglab.data.store.tables import Block, Position, read_pieces

#: Blocks between two entries of the journal: what is read again at most after a crash.
_EVERY: Final = 8
#: Blocks that are parsed side by side; a thread of each has some tens of megabytes.
_THREADS: Final = 2


def read_files(readers: Sequence[FileReader], staging: Staging, journal: Journal, watch: Watch) -> None:
    """Read files from where the journal says.

    Raises
    ------
    DataImportError
        If columns or times are not recognised, or a file has no rows.
    MalformedDataError
        If a row is wrong.
    ImportCancelledError
        If the import is not wanted any more; the journal knows all that was read.
    """
    sizes = [reader.path.stat().st_size if reader.path.is_file() else 0 for reader in readers]
    before, total = sum(sizes[: journal.file]), sum(sizes)
    watch.rows = _rows_of(staging)
    while journal.file < len(readers):
        reader, blocks = readers[journal.file], 0
        for block, rows in _parsed(reader, journal.at):
            reader.count(rows)
            staging.add(rows, journal.file)
            journal.at, blocks = block.end, blocks + 1
            watch.rows += len(rows.lines)
            if blocks % _EVERY == 0:
                journal.save(readers, staging)
                watch("reading", before + block.done, total)
        if journal.at == Position() or not reader.time_form:
            raise DataImportError(f"{reader.path} has no rows of bars.")
        before += sizes[journal.file]
        journal.file, journal.at = journal.file + 1, Position()
        journal.save(readers, staging)
        watch("reading", before, total)


def _parsed(reader: FileReader, start: Position) -> Iterator[tuple[Block, Rows]]:
    """Yield blocks and their rows in the order of the file."""
    pieces = read_pieces(reader.path, reader.options.tick_type, reader.numbers, start)

    def parse(piece: Callable[[], Block]) -> tuple[Block, Rows] | None:
        block = piece()
        return (block, reader.parse(block)) if len(block.lines) else None

    for piece in pieces:
        # The first rows say how times are written.
        if (first := parse(piece)) is not None:
            yield first
            break
    waiting: deque[Future[tuple[Block, Rows] | None]] = deque()
    with ThreadPoolExecutor(_THREADS) as pool:
        try:
            for piece in pieces:
                waiting.append(pool.submit(parse, piece))
                if len(waiting) > _THREADS and (found := waiting.popleft().result()) is not None:
                    yield found
            while waiting:
                if (found := waiting.popleft().result()) is not None:
                    yield found
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _rows_of(staging: Staging) -> int:
    return sum(part.size for part in staging.parts.values()) // staging.row_bytes
