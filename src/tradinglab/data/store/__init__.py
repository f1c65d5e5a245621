"""The bar store: Parquet files of bars, with what was imported from where."""

from tradinglab.data.ingest.importer import import_files, import_tables
from tradinglab.data.store.bar_store import BarStore, Stored
from tradinglab.data.store.descriptions import Description
from tradinglab.data.store.factor_book import ActionRecord, FactorVersion
from tradinglab.data.store.files import BarFile, Origin
from tradinglab.data.store.generated import store_synthetic_bars
from tradinglab.data.store.layout import SeriesKey
from tradinglab.data.store.manifest import Manifest, Slice, SourceRange
from tradinglab.data.store.options import ImportOptions
from tradinglab.data.store.report import ImportReport
from tradinglab.data.store.restating import Restatement
from tradinglab.data.store.run_slices import run_slices
from tradinglab.data.store.source import StoreSource

__all__ = [
    "ActionRecord",
    "BarFile",
    "BarStore",
    "Description",
    "FactorVersion",
    "ImportOptions",
    "ImportReport",
    "Manifest",
    "Origin",
    "Restatement",
    "SeriesKey",
    "Slice",
    "SourceRange",
    "StoreSource",
    "Stored",
    "import_files",
    "import_tables",
    "run_slices",
    "store_synthetic_bars",
]
