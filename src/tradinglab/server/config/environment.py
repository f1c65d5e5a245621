"""The settings that the environment gives, checked at the start, all of them at once."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tradinglab.data.feeds.errors import FeedSpecError
from tradinglab.data.feeds.spec import FeedSpec
from tradinglab.server.config.artefacts import ArtefactPlace, lasts_on_heroku, read_artefact_place
from tradinglab.server.config.data_sources import parse_data_sources
from tradinglab.server.config.email import read_email_url
from tradinglab.server.config.spelling import misspelt
from tradinglab.server.errors import SettingsError

_SECRETS = {"SECRET_KEY", "PGPASSWORD", "TRADINGLAB_ADMIN_PASSWORD", "DATABASE_URL", "REDIS_URL"}
_SECRETS |= {"QUANTCONNECT_ACCESS_TOKEN", "SENTRY_DSN", "TRADINGLAB_METRICS_TOKEN"}
_SECRETS |= {"EMAIL_URL", "TRADINGLAB_ENCRYPTION_KEYS"}
_SECRETS |= {"ALPHA_VANTAGE_API_KEY", "APCA_API_KEY_ID", "APCA_API_SECRET_KEY"}
_SECRETS |= {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}
_POSTGRES_SCHEMES = ("postgres", "postgresql")
_POSTGRES_OPTIONS = {"sslmode", "sslrootcert", "sslcert", "sslkey", "connect_timeout", "application_name", "options"}
_REDIS_SCHEMES = ("redis", "rediss", "unix")
_FILE = ".env"
_SHORTEST_KEY = 32
_SHORTEST_TOKEN = 16
_TOKEN = re.compile(r"[!-~]+")
_SHORTEST_PASSWORD = 10


def _database_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in _POSTGRES_SCHEMES or not parts.path.strip("/"):
        raise ValueError("write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE")
    _ = parts.port  # raises ValueError when it is no number
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in _POSTGRES_OPTIONS or not value:
            raise ValueError(f"'{name}' cannot be said in it; what can: {', '.join(sorted(_POSTGRES_OPTIONS))}")
    return text


def _redis_url(text: str) -> str:
    if urlsplit(text).scheme not in _REDIS_SCHEMES:
        raise ValueError("write it as redis://HOST:PORT/0, rediss://… or unix:///path/to/socket")
    return text


def _dsn(value: SecretStr) -> SecretStr:
    parts = urlsplit(value.get_secret_value())
    if parts.scheme not in ("http", "https") or not parts.username or not parts.hostname or not parts.path.strip("/"):
        raise ValueError("write it as https://KEY@HOST/PROJECT, as Sentry shows it")
    return value


def _origins(text: str) -> str:
    return ",".join(dict.fromkeys(_origin(each.strip()) for each in text.split(",") if each.strip()))


def _rate(text: str) -> str:
    from tradinglab.server.rest.rates import read_rate

    read_rate(text)
    return text


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("write it as https://lab.example.com")
    return f"{parts.scheme}://{parts.netloc}"


def _long_key(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < _SHORTEST_KEY:
        raise ValueError(f"at least {_SHORTEST_KEY} characters are needed; leave it out and one is made")
    return value


def _long_keys(value: SecretStr) -> SecretStr:
    for each in _listed(value.get_secret_value()):
        _long_key(SecretStr(each))
    return value


def _email_url(value: SecretStr) -> SecretStr:
    read_email_url(value.get_secret_value())
    return value


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _long_password(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < _SHORTEST_PASSWORD:
        raise ValueError(f"at least {_SHORTEST_PASSWORD} characters are needed; leave it out and one is made")
    return value


def _token(value: SecretStr | None) -> SecretStr | None:
    if value is not None and not _TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError("it holds blanks or other signs that no token has; copy it again")
    return value


def _long_token(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < _SHORTEST_TOKEN:
        raise ValueError(f"at least {_SHORTEST_TOKEN} characters are needed; 'openssl rand -hex 32' makes one")
    return value


def _home(path: Path) -> Path:
    full = path.expanduser().absolute()
    if full.exists() and not full.is_dir():
        raise ValueError("that is a file; name a folder")
    return full


def _feed(text: str) -> str:
    try:
        return text and str(FeedSpec.parse(text))
    except FeedSpecError as error:
        raise ValueError(str(error)) from None


def _data_sources(text: str) -> str:
    parse_data_sources(text)
    return text


def _artefacts(text: str) -> str:
    read_artefact_place(text)
    # Heroku says by this name which dyno it is.
    return lasts_on_heroku(text) if os.environ.get("DYNO") else text


def _endpoint(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise ValueError("write it as https://HOST:PORT; the credentials have settings of their own")
    return text


def _api_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError("write it as https://www.quantconnect.com/api/v2/")
    return text.rstrip("/") + "/"


Origin = Annotated[str, AfterValidator(_origin)]


class Environment(BaseSettings):
    """What the server is told from outside; ``env_template.txt`` describes every name."""

    model_config = SettingsConfigDict(
        env_file=_FILE, extra="ignore", case_sensitive=True, env_ignore_empty=True, frozen=True
    )

    home: Annotated[Path, AfterValidator(_home)] = Field(
        Path("~/.tradinglab"), validation_alias="TRADINGLAB_HOME", validate_default=True
    )
    secret_key: Annotated[SecretStr, AfterValidator(_long_key)] | None = Field(None, validation_alias="SECRET_KEY")
    debug: bool = Field(False, validation_alias="TRADINGLAB_DEBUG")
    allowed_hosts: str = Field("", validation_alias="TRADINGLAB_ALLOWED_HOSTS")
    backend_url: Origin | None = Field(None, validation_alias="DEPLOYED_BACKEND_URL")
    frontend_url: Origin | None = Field(None, validation_alias="DEPLOYED_FRONTEND_URL")

    database_url: Annotated[str, AfterValidator(_database_url)] | None = Field(None, validation_alias="DATABASE_URL")
    pg_database: str | None = Field(None, validation_alias="PGDATABASE")
    pg_host: str = Field("", validation_alias="PGHOST")
    pg_port: int = Field(5432, ge=1, le=65535, validation_alias="PGPORT")
    pg_user: str = Field("", validation_alias="PGUSER")
    pg_password: SecretStr = Field(SecretStr(""), validation_alias="PGPASSWORD")
    redis_verify: bool = Field(True, validation_alias="TRADINGLAB_REDIS_VERIFY")
    redis_url: Annotated[str, AfterValidator(_redis_url)] | None = Field(None, validation_alias="REDIS_URL")

    quantconnect_url: Annotated[str, AfterValidator(_api_url)] = Field(
        "https://www.quantconnect.com/api/v2/", validation_alias="QUANTCONNECT_API_URL"
    )
    quantconnect_user: str | None = Field(None, pattern=r"^[0-9]{1,18}$", validation_alias="QUANTCONNECT_USER_ID")
    quantconnect_token: Annotated[SecretStr | None, AfterValidator(_token)] = Field(
        None, validation_alias="QUANTCONNECT_ACCESS_TOKEN", validate_default=True
    )

    quantconnect_poll_s: float = Field(30, ge=0.05, le=3600, validation_alias="QUANTCONNECT_POLL_S")
    quantconnect_silent_s: float = Field(300, ge=1, le=86_400, validation_alias="QUANTCONNECT_SILENT_S")
    quantconnect_unchanged_s: float = Field(345_600, ge=1, le=31_536_000, validation_alias="QUANTCONNECT_UNCHANGED_S")

    admin_email: str = Field("admin@localhost", pattern=r"^[^@\s]+@[^@\s]+$", validation_alias="TRADINGLAB_ADMIN_EMAIL")
    admin_password: Annotated[SecretStr, AfterValidator(_long_password)] | None = Field(
        None, validation_alias="TRADINGLAB_ADMIN_PASSWORD"
    )

    log_format: Literal["auto", "json", "text"] = Field("auto", validation_alias="TRADINGLAB_LOG_FORMAT")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", validation_alias="TRADINGLAB_LOG_LEVEL")
    metrics_token: Annotated[SecretStr, AfterValidator(_long_token), AfterValidator(_token)] | None = Field(
        None, validation_alias="TRADINGLAB_METRICS_TOKEN"
    )
    sentry_dsn: Annotated[SecretStr, AfterValidator(_dsn)] | None = Field(None, validation_alias="SENTRY_DSN")

    opens: bool | None = Field(None, validation_alias="TRADINGLAB_OPEN")
    allow_weak_sandbox: bool = Field(False, validation_alias="TRADINGLAB_ALLOW_WEAK_SANDBOX")
    sign_up: Literal["closed", "invitation", "open"] = Field("invitation", validation_alias="TRADINGLAB_SIGN_UP")
    encryption_keys: Annotated[SecretStr, AfterValidator(_long_keys)] = Field(
        SecretStr(""), validation_alias="TRADINGLAB_ENCRYPTION_KEYS"
    )
    email_url: Annotated[SecretStr, AfterValidator(_email_url)] | None = Field(None, validation_alias="EMAIL_URL")
    email_from: str = Field(
        "TradingLab <tradinglab@localhost>", pattern=r"^[^\r\n@]+@[^\r\n@]+$", validation_alias="TRADINGLAB_EMAIL_FROM"
    )
    proxies: int = Field(0, ge=0, le=10, validation_alias="TRADINGLAB_PROXIES")

    named_data: Annotated[str, AfterValidator(_data_sources)] = Field("", validation_alias="TRADINGLAB_DATA_SOURCES")
    alpha_vantage_key: SecretStr | None = Field(None, validation_alias="ALPHA_VANTAGE_API_KEY")
    alpha_vantage_rate: int | None = Field(None, ge=1, le=10_000, validation_alias="ALPHA_VANTAGE_REQUESTS_PER_MINUTE")
    alpaca_id: SecretStr | None = Field(None, validation_alias="APCA_API_KEY_ID")
    alpaca_secret: SecretStr | None = Field(None, validation_alias="APCA_API_SECRET_KEY")
    alpaca_feed: str | None = Field(None, pattern=r"^[a-z_]{1,40}$", validation_alias="ALPACA_DATA_FEED")
    upload_mb: int = Field(2000, ge=1, le=1_000_000, validation_alias="TRADINGLAB_UPLOAD_MB")
    kept_answers_mb: int = Field(64, ge=1, le=65_536, validation_alias="TRADINGLAB_KEPT_ANSWERS_MB")
    web_threads: int = Field(16, ge=1, le=256, validation_alias="TRADINGLAB_WEB_THREADS")
    worker_threads: int = Field(2, ge=1, le=64, validation_alias="TRADINGLAB_WORKER_THREADS")
    run_timeout_s: float = Field(600, gt=0, le=86_400, validation_alias="TRADINGLAB_RUN_TIMEOUT_S")
    run_memory_mb: int = Field(4096, ge=256, validation_alias="TRADINGLAB_RUN_MEMORY_MB")
    user_running: int = Field(4, ge=1, le=10_000, validation_alias="TRADINGLAB_USER_RUNNING")
    user_queued: int = Field(1000, ge=1, le=1_000_000, validation_alias="TRADINGLAB_USER_QUEUED")
    user_deployments: int = Field(10, ge=1, le=10_000, validation_alias="TRADINGLAB_USER_DEPLOYMENTS")
    live_places: int = Field(10, ge=1, le=1000, validation_alias="TRADINGLAB_LIVE_PLACES")
    live_feed: Annotated[str, AfterValidator(_feed)] = Field("", validation_alias="TRADINGLAB_LIVE_FEED")
    live_cpu_share: float = Field(0.5, gt=0, le=64, validation_alias="TRADINGLAB_LIVE_CPU_SHARE")
    deleted_days: int = Field(30, ge=0, le=36_500, validation_alias="TRADINGLAB_DELETED_DAYS")
    lease_s: float = Field(15, ge=1, le=3600, validation_alias="TRADINGLAB_LEASE_S")
    cors_origins: Annotated[str, AfterValidator(_origins)] = Field("", validation_alias="TRADINGLAB_CORS_ORIGINS")
    rate_user: Annotated[str, AfterValidator(_rate)] = Field("3000/min", validation_alias="TRADINGLAB_RATE_USER")
    rate_address: Annotated[str, AfterValidator(_rate)] = Field("120/min", validation_alias="TRADINGLAB_RATE_ADDRESS")
    listeners_per_user: int = Field(500, ge=1, validation_alias="TRADINGLAB_LISTENERS_PER_USER")

    artefacts: Annotated[str, AfterValidator(_artefacts)] = Field(
        "folder", validation_alias="TRADINGLAB_ARTEFACTS", validate_default=True
    )
    s3_endpoint: Annotated[str, AfterValidator(_endpoint)] | None = Field(None, validation_alias="AWS_ENDPOINT_URL_S3")
    aws_region: str | None = Field(None, validation_alias="AWS_REGION")
    aws_key_id: SecretStr | None = Field(None, validation_alias="AWS_ACCESS_KEY_ID")
    aws_secret: SecretStr | None = Field(None, validation_alias="AWS_SECRET_ACCESS_KEY", validate_default=True)
    aws_session_token: SecretStr | None = Field(None, validation_alias="AWS_SESSION_TOKEN")

    @field_validator("redis_url")
    @classmethod
    def _unverified(cls, url: str | None, info: ValidationInfo) -> str | None:
        """Say in the address itself that its certificate is not checked: all that read it understand that."""
        if url is None or not url.startswith("rediss://") or info.data.get("redis_verify", True):
            return url
        return url if "ssl_cert_reqs=" in url else f"{url}{'&' if urlsplit(url).query else '?'}ssl_cert_reqs=none"

    @field_validator("aws_secret")
    @classmethod
    def _key_and_secret(cls, secret: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if (info.data.get("aws_key_id") is None) != (secret is None):
            raise ValueError("AWS_ACCESS_KEY_ID and this belong together; give both, or neither")
        return secret

    @field_validator("quantconnect_token")
    @classmethod
    def _both_or_none(cls, token: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        if "quantconnect_user" not in info.data:
            return token  # the number itself is wrong, and is named for that
        if (info.data["quantconnect_user"] is None) != (token is None):
            raise ValueError("QUANTCONNECT_USER_ID and this belong together; give both, or neither")
        return token

    @property
    def front_ends(self) -> list[str]:
        """The origins, beside the server's own, whose pages may call it."""
        listed = [each for each in self.cors_origins.split(",") if each]
        return list(dict.fromkeys([*([self.frontend_url] if self.frontend_url else []), *listed]))

    @property
    def hosts(self) -> list[str]:
        """The host names that requests may name: this machine's own, those that are listed, and the deployed one."""
        deployed = urlsplit(self.backend_url).hostname if self.backend_url else None
        return ["localhost", "127.0.0.1", "[::1]", *_listed(self.allowed_hosts), *([deployed] if deployed else [])]

    @property
    def sealing_keys(self) -> list[str]:
        """The keys that stored secrets are sealed with, the newest first."""
        return _listed(self.encryption_keys.get_secret_value())

    @property
    def data_sources(self) -> dict[str, str]:
        """The spec of each source of data that runs may read, by its name."""
        return parse_data_sources(self.named_data, are_there=False)

    @property
    def source_variables(self) -> dict[str, str]:
        """Keys and plans of sources of bars, by the names under which the sources look for them."""
        secrets = {
            "ALPHA_VANTAGE_API_KEY": self.alpha_vantage_key,
            "APCA_API_KEY_ID": self.alpaca_id,
            "APCA_API_SECRET_KEY": self.alpaca_secret,
        }
        plain = {
            "ALPHA_VANTAGE_REQUESTS_PER_MINUTE": self.alpha_vantage_rate,
            "ALPACA_DATA_FEED": self.alpaca_feed,
        }
        found = {name: value.get_secret_value() for name, value in secrets.items() if value is not None}
        return found | {name: str(value) for name, value in plain.items() if value is not None}

    @property
    def artefact_place(self) -> ArtefactPlace:
        """Where what runs leave is kept."""
        return read_artefact_place(self.artefacts)

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the server by https."""
        return bool(self.backend_url and self.backend_url.startswith("https://"))

    def postgres(self) -> dict[str, Any] | None:
        """Return where PostgreSQL is, in Django's words; ``None`` without it, which means SQLite."""
        if self.database_url:
            parts = urlsplit(self.database_url)
            return {
                "NAME": unquote(parts.path.strip("/")),
                "HOST": unquote(parts.hostname or ""),
                "PORT": parts.port or 5432,
                "USER": unquote(parts.username or ""),
                "PASSWORD": unquote(parts.password or ""),
                "OPTIONS": {"connect_timeout": "10", **dict(parse_qsl(parts.query))},
            }
        if self.pg_database:
            return {
                "NAME": self.pg_database,
                "HOST": self.pg_host,
                "PORT": self.pg_port,
                "USER": self.pg_user,
                "PASSWORD": self.pg_password.get_secret_value(),
            }
        return None


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return the environment's settings.

    Raises
    ------
    SettingsError
        With a line for every setting that is wrong.
    """
    known = {str(field.validation_alias) for field in Environment.model_fields.values()}
    problems = misspelt(known, Path(_FILE))
    try:
        found = Environment()
    except ValidationError as error:
        raise SettingsError([*(_line(each) for each in error.errors()), *problems]) from None
    if problems:
        raise SettingsError(problems)
    return found


def _line(problem: Any) -> str:
    name = str(problem["loc"][0])
    if name in Environment.model_fields:  # a default that cannot be used goes by the field's own name
        name = str(Environment.model_fields[name].validation_alias)
    message = str(problem["msg"]).removeprefix("Value error, ")
    given = "" if name in _SECRETS else f" (it was {str(problem['input'])!r})"
    return f"{name}: {message}{given}"
