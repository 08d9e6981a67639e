"""`urlpatterns` lie inside one tenant, under /t/<slug>/; `entrance` is what comes before one is chosen."""

from allauth.account.urls import urlpatterns as account_urls
from allauth.mfa.urls import urlpatterns as mfa_urls
from django.urls import URLPattern, URLResolver, include, path

from console.tenants import views
from console.tenants.entrance import enter, home, invitation

# An address is proved by the invitation to it. Changed freely, it would open other people's invitations.
CLOSED = frozenset({"account_email", "account_confirm_email", "account_email_verification_sent"})

accounts: list[URLPattern | URLResolver] = [
    *(pattern for pattern in account_urls if pattern.name not in CLOSED),
    path("2fa/", include(mfa_urls)),
]

entrance: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("enter/<str:token>/", enter, name="enter"),
    path("invitation/<str:token>/", invitation, name="invitation"),
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("members/", views.members, name="members"),
    path("members/invite/", views.member_invite, name="member_invite"),
    path("members/<uuid:membership>/role/", views.member_role, name="member_role"),
    path("members/<uuid:membership>/remove/", views.member_remove, name="member_remove"),
    path("invitations/<uuid:invitation>/withdraw/", views.invitation_withdraw, name="invitation_withdraw"),
    path("settings/", views.settings, name="settings"),
    path("settings/plan/", views.settings_plan, name="settings_plan"),
    path("settings/suspend/", views.settings_suspend, name="settings_suspend"),
    path("settings/resume/", views.settings_resume, name="settings_resume"),
]
