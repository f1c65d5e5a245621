"""The pages by which people come in: log-in, sign-up, a forgotten password, the links of letters."""

from __future__ import annotations

import time
from collections.abc import Callable

from django import forms
from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from tradinglab.server.accounts.addresses import email_verify, password_reset, password_reset_ask
from tradinglab.server.accounts.api.serializers import PASSWORD_LENGTH
from tradinglab.server.accounts.errors import LoginRefusedError, TooManyAttemptsError
from tradinglab.server.accounts.invitations import invitation_of_token, sign_up_by_invitation, sign_up_openly
from tradinglab.server.accounts.login import login_check_code, login_check_password, login_end, login_finish
from tradinglab.server.accounts.models import User
from tradinglab.server.accounts.totp import totp_is_enabled
from tradinglab.server.errors import ServerError

_BACKEND = "django.contrib.auth.backends.ModelBackend"
_PENDING = "login_pending"
_PENDING_S = 300
_REFUSED = "E-mail address and password do not belong together."
_WRONG_CODE = "That code is not right, or was used before."
_LETTER = "If there is something to be sent, a letter is under way. Open the link in it."


def _email_field() -> forms.EmailField:
    options = {"autocomplete": "username", "autofocus": True}
    return forms.EmailField(label="E-mail address", max_length=254, widget=forms.EmailInput(options))


def _password_field(autocomplete: str) -> forms.CharField:
    widget = forms.PasswordInput({"autocomplete": autocomplete})
    return forms.CharField(label="Password", max_length=PASSWORD_LENGTH, strip=False, widget=widget)


class LoginForm(forms.Form):
    """Address and password."""

    username = _email_field()
    password = _password_field("current-password")
    next = forms.CharField(required=False, widget=forms.HiddenInput)


class CodeForm(forms.Form):
    """The second factor."""

    code = forms.CharField(
        label="Code of the authenticator, or a recovery code",
        max_length=40,
        widget=forms.TextInput({"autocomplete": "one-time-code", "autofocus": True}),
    )


class SignUpForm(forms.Form):
    """A new account."""

    email = _email_field()
    password = _password_field("new-password")


class EmailForm(forms.Form):
    """An address."""

    email = _email_field()


class PasswordForm(forms.Form):
    """A new password."""

    password = _password_field("new-password")


def _page(request: HttpRequest, title: str, form: forms.Form | None, **more: object) -> HttpResponse:
    is_open = settings.ENVIRONMENT.sign_up == "open"
    context = {"title": title, "form": form, "is_open": is_open, **more}
    status = more.get("status", 200)
    assert isinstance(status, int)
    return render(request, "web/account.html", context, status=status)


def _form_page(
    request: HttpRequest, title: str, form: forms.Form, button: str, work: Callable[[dict[str, str]], HttpResponse]
) -> HttpResponse:
    """Show a form, and what its *work* answers or refuses."""
    refusal, status, wait = "", 200, None
    if request.method == "POST" and form.is_valid():
        try:
            return work(form.cleaned_data)
        except LoginRefusedError:
            refusal = _WRONG_CODE if isinstance(form, CodeForm) else _REFUSED
        except TooManyAttemptsError as error:
            refusal, status, wait = str(error), error.status, error.wait
        except ServerError as error:
            refusal = str(error)
    page = _page(request, title, form, button=button, refusal=refusal, status=status)
    if wait is not None:
        page.headers["Retry-After"] = str(wait)
    return page


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@never_cache
def login_page(request: HttpRequest) -> HttpResponse:
    """Log in; where a second factor is set up, a page for its code follows."""
    if request.user.is_authenticated:
        return redirect("home")

    def work(given: dict[str, str]) -> HttpResponse:
        user = login_check_password(email=given["username"], password=given["password"])
        onwards = _onwards(request, given["next"])
        if not totp_is_enabled(user=user):
            return _let_in(request, user, onwards)
        request.session.cycle_key()
        request.session[_PENDING] = [user.pk, user.get_session_auth_hash(), time.time(), onwards]
        return redirect("login-code")

    form = LoginForm(request.POST or None, initial={"next": request.GET.get("next", "")})
    return _form_page(request, "Log in", form, "Log in", work)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@never_cache
def login_code_page(request: HttpRequest) -> HttpResponse:
    """Ask for the second factor of somebody whose password was right, for five minutes."""
    pk, mark, since, onwards = request.session.get(_PENDING) or (0, "", 0, "")
    user = User.objects.filter(pk=pk, is_active=True).first()
    if user is None or user.get_session_auth_hash() != mark or time.time() - since > _PENDING_S:
        request.session.pop(_PENDING, None)
        return redirect("login")

    def work(given: dict[str, str]) -> HttpResponse:
        login_check_code(user=user, code=given["code"])
        del request.session[_PENDING]
        return _let_in(request, user, onwards)

    return _form_page(request, "Second factor", CodeForm(request.POST or None), "Log in", work)


@require_POST
@never_cache
def logout_page(request: HttpRequest) -> HttpResponse:
    """End the session."""
    if isinstance(request.user, User):
        login_end(user=request.user)
    logout(request)
    return redirect("login")


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@never_cache
def sign_up_page(request: HttpRequest, token: str = "") -> HttpResponse:
    """Make an account: by the link of an invitation, or openly where the installation allows it."""
    invitation = invitation_of_token(token=token) if token else None
    if token and invitation is None:
        text = "The invitation is wrong, expired, revoked or was used. Ask for a new one."
        return _page(request, "Sign up", None, refusal=text, status=404)

    def work(given: dict[str, str]) -> HttpResponse:
        if token:
            sign_up_by_invitation(token=token, email=given["email"], password=given["password"])
            return redirect("login")
        sign_up_openly(email=given["email"], password=given["password"])
        return _page(request, "Sign up", None, notice=_LETTER)

    form = SignUpForm(request.POST or None, initial={"email": invitation.email if invitation else ""})
    return _form_page(request, "Sign up", form, "Sign up", work)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def password_reset_ask_page(request: HttpRequest) -> HttpResponse:
    """Send a letter with a link that sets a new password."""

    def work(given: dict[str, str]) -> HttpResponse:
        password_reset_ask(email=given["email"])
        return _page(request, "New password", None, notice=_LETTER)

    return _form_page(request, "New password", EmailForm(request.POST or None), "Send the letter", work)


@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@never_cache
def password_reset_page(request: HttpRequest, token: str) -> HttpResponse:
    """Set a new password by the link of a letter."""

    def work(given: dict[str, str]) -> HttpResponse:
        password_reset(token=token, password=given["password"])
        return redirect("login")

    return _form_page(request, "New password", PasswordForm(request.POST or None), "Set the password", work)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def email_verify_page(request: HttpRequest, token: str) -> HttpResponse:
    """Confirm an address by the link of a letter. It takes a press of the button: programs look into links too."""

    def work(_: dict[str, str]) -> HttpResponse:
        user = email_verify(token=token)
        return _page(request, "E-mail address", None, notice=f"{user.email} is confirmed. Thank you.")

    form = forms.Form(request.POST if request.method == "POST" else None)
    return _form_page(request, "E-mail address", form, "Confirm the address", work)


def _onwards(request: HttpRequest, given: str) -> str:
    """Return where a log-in leads: within this server alone."""
    hosts, is_https = {request.get_host()}, request.is_secure()
    if url_has_allowed_host_and_scheme(given, allowed_hosts=hosts, require_https=is_https):
        return given
    return resolve_url("home")


def _let_in(request: HttpRequest, user: User, onwards: str) -> HttpResponse:
    login_finish(user=user)
    login(request, user, backend=_BACKEND)
    return redirect(onwards)
