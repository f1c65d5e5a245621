"""The rules of brokerages: what they take, what it costs, how much may be bought."""

from tradinglab.algorithm.models.brokerage.base import BrokerageModel, DefaultBrokerageModel, verdict
from tradinglab.algorithm.models.brokerage.message import BrokerageMessageEvent, BrokerageMessageType
from tradinglab.core.enums import AccountType, BrokerageName


def create_brokerage_model(name: BrokerageName, account_type: AccountType = AccountType.MARGIN) -> DefaultBrokerageModel:
    """Return the rules of a brokerage."""
    return DefaultBrokerageModel(account_type)


def brokerage_name(model: DefaultBrokerageModel) -> BrokerageName:
    """Return the name of a model's brokerage."""
    return BrokerageName.DEFAULT


__all__ = [
    "BrokerageMessageEvent",
    "BrokerageMessageType",
    "BrokerageModel",
    "DefaultBrokerageModel",
    "brokerage_name",
    "create_brokerage_model",
    "verdict",
]
