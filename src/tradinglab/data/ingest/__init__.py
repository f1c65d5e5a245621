"""Files of bars of any size into a store, in bounded memory."""

# The store offers the import as its own, and so imports modules of this package: it has to come first.
import tradinglab.data.store  # noqa: F401
