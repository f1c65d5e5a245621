"""Where the resources of accounts are."""

from __future__ import annotations

from django.urls import URLPattern, path

from tradinglab.server.accounts.api import account_views, admin_views, login_views, quantconnect_views, views

urlpatterns: list[URLPattern] = [
    path("me/", views.MeView.as_view(), name="me"),
    path("api-keys/", views.ApiKeysView.as_view(), name="api-keys"),
    path("api-keys/<int:key_id>/", views.ApiKeyView.as_view(), name="api-key"),
    path("quantconnect-tokens/", quantconnect_views.QuantConnectTokensView.as_view(), name="quantconnect-tokens"),
    path(
        "quantconnect-tokens/<int:quantconnect_id>/",
        quantconnect_views.QuantConnectTokenView.as_view(),
        name="quantconnect-token",
    ),
    path("audit/", views.AuditView.as_view(), name="audit"),
    path("auth/token/", login_views.TokenView.as_view(), name="token"),
    path("auth/token/refresh/", login_views.TokenRefreshView.as_view(), name="token-refresh"),
    path("auth/token/revoke/", login_views.TokenRevokeView.as_view(), name="token-revoke"),
    path("auth/sign-up/", login_views.SignUpView.as_view(), name="sign-up"),
    path("auth/verify-email/", login_views.EmailVerifyView.as_view(), name="verify-email"),
    path("auth/password-reset/", login_views.PasswordResetAskView.as_view(), name="password-reset-ask"),
    path("auth/password-reset/confirm/", login_views.PasswordResetView.as_view(), name="password-reset"),
    path("account/password/", account_views.PasswordView.as_view(), name="account-password"),
    path("account/email/", account_views.EmailView.as_view(), name="account-email"),
    path("account/email/verification/", account_views.EmailVerificationView.as_view(), name="account-verification"),
    path("account/sessions/end/", account_views.SessionsView.as_view(), name="account-sessions-end"),
    path("account/totp/", account_views.TotpView.as_view(), name="account-totp"),
    path("account/totp/confirm/", account_views.TotpConfirmView.as_view(), name="account-totp-confirm"),
    path("account/totp/disable/", account_views.TotpDisableView.as_view(), name="account-totp-disable"),
    path("account/totp/recovery-codes/", account_views.RecoveryCodesView.as_view(), name="account-recovery-codes"),
    path("users/", admin_views.UsersView.as_view(), name="users"),
    path("users/<int:user_id>/", admin_views.UserView.as_view(), name="user"),
    path("invitations/", admin_views.InvitationsView.as_view(), name="invitations"),
    path("invitations/<int:invitation_id>/", admin_views.InvitationView.as_view(), name="invitation"),
]
