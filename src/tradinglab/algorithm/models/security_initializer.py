"""What is done to each security when it is added."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ClassVar, Protocol

from tradinglab.core.dual import Dual

if TYPE_CHECKING:
    from tradinglab.algorithm.base_data import BaseData
    from tradinglab.algorithm.models.brokerage import BrokerageModel
    from tradinglab.algorithm.securities.security import Security


class SecurityInitializer(Dual):
    """Base of the initializers."""

    NULL: ClassVar[SecurityInitializer]
    Null: ClassVar[SecurityInitializer]

    def initialize(self, security: Security) -> None:
        """Prepare a security."""


SecurityInitializer.NULL = SecurityInitializer.Null = SecurityInitializer()


class Initializes(Protocol):
    """Whatever prepares securities."""

    def initialize(self, security: Security) -> None:
        """Prepare a security."""
        ...


class SecuritySeeder(Dual):
    """Base of the seeders, which give a security its first price; itself it gives none."""

    NULL: ClassVar[SecuritySeeder]
    Null: ClassVar[SecuritySeeder]

    def seed_security(self, security: Security) -> bool:
        """Give a security a price; return whether there was one."""
        return True


SecuritySeeder.NULL = SecuritySeeder.Null = SecuritySeeder()


class FuncSecuritySeeder(SecuritySeeder):
    """Seeds with what a function of the security returns: a bar, or several, such as ``get_last_known_prices``."""

    def __init__(self, seed_function: Callable[[Security], BaseData | Iterable[BaseData] | None]) -> None:
        self._function = seed_function

    def seed_security(self, security: Security) -> bool:
        """Give a security a price; return whether there was one."""
        from tradinglab.algorithm.base_data import BaseData

        found = self._function(security)
        if found is None:
            return False
        bars = [found] if isinstance(found, BaseData) else list(found)
        for bar in bars:
            security.set_market_price(bar)
        return bool(bars)


class BrokerageModelSecurityInitializer(SecurityInitializer):
    """Gives a security the models and the leverage of a brokerage, and a first price."""

    def __init__(
        self, brokerage_model: BrokerageModel | None = None, security_seeder: SecuritySeeder | None = None
    ) -> None:
        self._brokerage_model = brokerage_model
        self._security_seeder = security_seeder or SecuritySeeder.NULL

    def initialize(self, security: Security) -> None:
        """Prepare a security."""
        model = self._brokerage_model
        if model is not None:
            apply_brokerage_models(model, security)
        self._security_seeder.seed_security(security)


def apply_brokerage_models(model: BrokerageModel, security: Security) -> None:
    """Give a security all the models, and then the leverage, of a brokerage."""
    security.set_fill_model(model.get_fill_model(security))
    security.set_fee_model(model.get_fee_model(security))
    security.set_slippage_model(model.get_slippage_model(security))
    security.set_settlement_model(model.get_settlement_model(security))
    security.set_buying_power_model(model.get_buying_power_model(security))
    security.set_margin_interest_rate_model(model.get_margin_interest_rate_model(security))
    security.set_leverage(model.get_leverage(security))
    security.set_shortable_provider(model.get_shortable_provider(security))


class FuncSecurityInitializer(SecurityInitializer):
    """Calls a function with each security."""

    def __init__(self, initializer: Callable[[Security], object]) -> None:
        self._function = initializer

    def initialize(self, security: Security) -> None:
        """Prepare a security."""
        self._function(security)


class CompositeSecurityInitializer(SecurityInitializer):
    """Runs several initializers in turn."""

    def __init__(self, *initializers: Initializes | Callable[[Security], object]) -> None:
        self.initializers: list[Initializes] = []
        for initializer in initializers:
            self.add_security_initializer(initializer)

    def initialize(self, security: Security) -> None:
        """Prepare a security."""
        for initializer in self.initializers:
            initializer.initialize(security)

    def add_security_initializer(self, initializer: Initializes | Callable[[Security], object]) -> None:
        """Run one more initializer, after the others."""
        if isinstance(initializer, SecurityInitializer) or hasattr(initializer, "initialize"):
            self.initializers.append(initializer)
        elif hasattr(initializer, "Initialize"):
            self.initializers.append(FuncSecurityInitializer(initializer.Initialize))
        else:
            self.initializers.append(FuncSecurityInitializer(initializer))

    def with_brokerage(self, initializer: BrokerageModelSecurityInitializer) -> CompositeSecurityInitializer:
        """Return the same initializers with the one that applies a brokerage's models replaced."""
        kept = [known for known in self.initializers if type(known) is not BrokerageModelSecurityInitializer]
        return CompositeSecurityInitializer(initializer, *kept)
