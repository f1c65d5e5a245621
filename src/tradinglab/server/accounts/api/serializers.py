"""What goes in and out about users, their ways in, and the audit log."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tradinglab.server.accounts.models import ApiKey, AuditEntry, Invitation, QuantConnectToken, Role, Scope, User
from tradinglab.server.rest.fields import AddressField, NameField, StrictSerializer

#: Longer ones would only cost time to hash.
PASSWORD_LENGTH = 256


class MeSerializer(serializers.Serializer[Any]):
    """Who asks, and what they may do."""

    id = serializers.IntegerField()
    email = serializers.EmailField()
    is_email_verified = serializers.BooleanField(help_text="Whether the user has opened the link in a letter.")
    has_totp = serializers.BooleanField(help_text="Whether a log-in asks for a code.")
    role = serializers.ChoiceField(choices=Role.choices)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))


class ApiKeyInput(StrictSerializer):
    """A key that is to be made."""

    name = NameField(max_length=100)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices), min_length=1, max_length=4)
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class ApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    """A key, without its secret."""

    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))

    class Meta:
        model = ApiKey
        fields = ["id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at"]


class NewApiKeySerializer(ApiKeySerializer):
    """A new key, with the token that is shown this once."""

    token = serializers.CharField()

    class Meta(ApiKeySerializer.Meta):
        fields = [*ApiKeySerializer.Meta.fields, "token"]


class QuantConnectTokenInput(StrictSerializer):
    """A token for QuantConnect's clients that is to be made."""

    name = NameField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices),
        required=False,
        min_length=1,
        max_length=4,
        help_text="What it may do; all that the caller may, if it is left out.",
    )
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class QuantConnectTokenSerializer(serializers.ModelSerializer[QuantConnectToken]):
    """A token for QuantConnect's clients, without its text."""

    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))

    class Meta:
        model = QuantConnectToken
        fields = ["id", "name", "scopes", "created_at", "expires_at", "last_used_at"]


class NewQuantConnectTokenSerializer(QuantConnectTokenSerializer):
    """A new token, which is shown this once, with all that `lean login` and the MCP server ask for."""

    token = serializers.CharField(help_text="The client signs with it, and never sends it.")
    user_id = serializers.IntegerField(help_text="The user's number, for `lean login`.")
    organization_id = serializers.CharField(help_text="The user's organisation, for `lean init`.")
    collaborator_id = serializers.CharField(help_text="By it others share their projects with the user.")

    class Meta(QuantConnectTokenSerializer.Meta):
        fields = [
            *QuantConnectTokenSerializer.Meta.fields,
            "token",
            "user_id",
            "organization_id",
            "collaborator_id",
        ]


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    """Who did what, on what, from where."""

    details = serializers.DictField(help_text="What else is worth knowing of it.")

    class Meta:
        model = AuditEntry
        fields = [
            "id",
            "created_at",
            "action",
            "actor",
            "email",
            "target_kind",
            "target_id",
            "details",
            "address",
            "agent",
            "request_id",
        ]
        extra_kwargs = {
            "action": {"help_text": "Noun, dot, what was done: `key.created`."},
            "actor": {"help_text": "The user who did it; null for the server itself or somebody unknown."},
            "email": {"help_text": "The actor's address, or the one that was claimed."},
        }


def _password(**options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=PASSWORD_LENGTH, trim_whitespace=False, **options)


def _code(**options: Any) -> serializers.CharField:
    text = "Six digits of the authenticator, or a recovery code."
    return serializers.CharField(max_length=40, help_text=text, **options)


def _token(help_text: str, **options: Any) -> serializers.CharField:
    return serializers.CharField(max_length=2000, help_text=help_text, **options)


class LoginInput(StrictSerializer):
    """Who logs in."""

    email = serializers.CharField(max_length=254)
    password = _password()
    code = _code(required=False, allow_blank=True, default="")


class TokenPairSerializer(serializers.Serializer[Any]):
    """Tokens of somebody who is logged in."""

    access = serializers.CharField(help_text="For `Authorization: Bearer …`.")
    refresh = serializers.CharField(help_text="For the next pair; it counts once.")
    expires_in = serializers.IntegerField(help_text="Seconds that the access token is valid.")


class RefreshInput(StrictSerializer):
    """A refresh token."""

    refresh = _token("The newest one.")


class SignUpInput(StrictSerializer):
    """Who signs up."""

    invitation = _token("The token of an invitation.", required=False, allow_blank=True, default="")
    email = serializers.EmailField(max_length=254)
    password = _password()


class AcceptedSerializer(serializers.Serializer[Any]):
    """What happens now."""

    detail = serializers.CharField()


class LinkTokenInput(StrictSerializer):
    """What the link of a letter carries."""

    token = _token("The last part of the link.")


class EmailInput(StrictSerializer):
    """An address."""

    email = serializers.EmailField(max_length=254)


class PasswordResetInput(LinkTokenInput):
    """A new password, with the token of a letter."""

    password = _password()


class PasswordInput(StrictSerializer):
    """The password, once more."""

    password = _password()


class PasswordChangeInput(StrictSerializer):
    """The old password and the new one."""

    current_password = _password()
    new_password = _password()


class EmailChangeInput(PasswordInput):
    """The new address, and the password."""

    email = serializers.EmailField(max_length=254)


class CodeInput(StrictSerializer):
    """A code of the authenticator."""

    code = _code()


class PasswordAndCodeInput(PasswordInput):
    """Both factors."""

    code = _code()


class TotpSerializer(serializers.Serializer[Any]):
    """The second factor."""

    is_enabled = serializers.BooleanField()
    recovery_codes_left = serializers.IntegerField()


class EnrolmentSerializer(serializers.Serializer[Any]):
    """What an authenticator is told."""

    secret = serializers.CharField(help_text="In base 32, to be typed.")
    uri = serializers.CharField(help_text="`otpauth://…`, to be shown as a QR code.")


class RecoveryCodesSerializer(serializers.Serializer[Any]):
    """Codes that stand in for the authenticator, once each."""

    recovery_codes = serializers.ListField(child=serializers.CharField())


class UserSerializer(serializers.ModelSerializer[User]):
    """A user, as an admin sees one."""

    class Meta:
        model = User
        fields = ["id", "email", "role", "is_active", "email_verified_at", "created_at", "last_login"]
        read_only_fields = fields


class UserChanges(StrictSerializer):
    """What an admin changes about a user."""

    role = serializers.ChoiceField(choices=Role.choices, required=False)
    is_active = serializers.BooleanField(required=False, help_text="false ends sessions, keys and tokens for good.")


class InvitationInput(StrictSerializer):
    """Who is invited."""

    role = serializers.ChoiceField(choices=Role.choices)
    email = AddressField(
        max_length=254, required=False, allow_blank=True, default="", help_text="If given, for this address alone."
    )
    expires_at = serializers.DateTimeField(
        required=False, allow_null=True, default=None, help_text="In a week, if left out; within 90 days."
    )


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """An invitation, without its token."""

    email = serializers.CharField(help_text="The only address that may use it; empty if any may.")

    class Meta:
        model = Invitation
        fields = [
            "id", "email", "role", "created_by", "created_at", "expires_at", "used_at", "used_by", "revoked_at",
        ]  # fmt: skip
        read_only_fields = fields


class NewInvitationSerializer(InvitationSerializer):
    """A new invitation, with the token and the link that are shown this once."""

    token = serializers.CharField()
    link = serializers.CharField()

    class Meta(InvitationSerializer.Meta):
        fields = [*InvitationSerializer.Meta.fields, "token", "link"]
