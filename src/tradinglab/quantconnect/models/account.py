"""Accounts, organizations and nodes."""

from __future__ import annotations

from pydantic import Field

from tradinglab.quantconnect.models.base import Answered, Flag, Items, Map, Moment, Number, Whole


class Card(Answered):
    """A card that an organization pays with."""

    brand: str = ""
    expiration: str = ""
    last4: str = ""


class Account(Answered):
    """What an organization has on its account."""

    organization_id: str = ""
    credit_balance: Number = None
    card: Card | None = None


class Organization(Answered):
    """An organization in the list of a user's."""

    id: str
    name: str = ""
    type: str = ""
    owner_name: str = ""
    members: Whole = None
    preferred: Flag = False


class Member(Answered):
    """A member of an organization."""

    id: str = ""
    name: str = ""
    email: str = ""
    is_admin: Flag = False


class ProductItem(Answered):
    """One position of what an organization pays for."""

    product_id: str = ""
    name: str = ""
    quantity: Number = None
    unit_price: Number = None
    total: Number = None


class Product(Answered):
    """What an organization pays for."""

    name: str = ""
    items: Items[ProductItem] = ()


class Credit(Answered):
    """An organization's credit."""

    balance: Number = None
    movements: Items[dict[str, object]] = ()


class OrganizationDetails(Answered):
    """An organization with its members and products."""

    id: str
    name: str = ""
    type: str = ""
    seats: Whole = None
    credit: Credit | None = None
    products: Items[Product] = ()
    data: Map[str, object] = Field(default_factory=dict)
    members: Items[Member] = ()


class Node(Answered):
    """A machine that runs backtests, notebooks or live algorithms."""

    id: str
    name: str = ""
    project_id: Whole = None
    project_name: str = ""
    description: str = ""
    used_by: str = ""
    user_profile: str = ""
    sku: str = ""
    busy: Flag = False
    active: Flag = False
    price: Map[str, Number] = Field(default_factory=dict)
    speed: Number = None
    cpu: Number = None
    ram: Number = None
    assets: Whole = None
    host: str = ""
    has_gpu: Flag = False


class Nodes(Answered):
    """The nodes of an organization or a project, by what they are for."""

    backtest: Items[Node] = ()
    research: Items[Node] = ()
    live: Items[Node] = ()


class ProjectNodes(Answered):
    """Which nodes a project may run on."""

    nodes: Nodes = Field(default_factory=Nodes)
    auto_select_node: Flag = True


class LeanVersion(Answered):
    """A version of LEAN."""

    id: int
    name: str = ""
    description: str = ""
    created: Moment = None
    lean_hash: str = ""
    lean_cloud_hash: str = ""
    ref: str = ""
    public: Flag = False


class LeanEnvironment(Answered):
    """A set of libraries that an algorithm can run with."""

    id: int
    name: str = ""
    description: str = ""
    path: str = ""
    public: Flag = False
