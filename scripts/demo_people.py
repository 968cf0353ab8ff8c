"""The people of the demo, alice's token, and what the demo says when it is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scripts.demo_home import Demo, write_secret

if TYPE_CHECKING:
    from accounts.models import User


def passwords(demo: Demo) -> str:
    """Return the password of everybody, who are made if they aren't there yet."""
    from accounts.groups import AUDITORS, TEAM_LEADS
    from accounts.models import Membership, Role, Team, User
    from accounts.people import join_team
    from accounts.services import ensure_analyst

    password = demo.kept("password")[:16]
    dispatch, _ = Team.objects.get_or_create(name="Dispatch")
    tess = _member_of_staff("tess", TEAM_LEADS, password)
    Membership.objects.get_or_create(team=dispatch, user=tess, defaults={"role": Role.LEAD})
    _member_of_staff("otto", AUDITORS, password)
    if not User.objects.filter(username="sue").exists():
        User.objects.create_superuser("sue", password=password)
    alice = ensure_analyst(username="alice")
    join_team(team=dispatch, user=alice)
    if not alice.has_usable_password():
        alice.set_password(password)
        alice.save()
    return password


def _member_of_staff(username: str, group: str, password: str) -> User:
    """Return the person of that name; who is there already stays as they are."""
    from django.contrib.auth.models import Group

    from accounts.models import User

    found = User.objects.filter(username=username).first()
    if found is not None:
        return found
    made = User.objects.create_user(username, password=password, is_staff=True)
    made.groups.set([Group.objects.get(name=group)])
    return made


def token_of_alice(demo: Demo) -> str:
    """Return alice's demo token: the one kept here while it works, else a new one."""
    from accounts.authentication import authenticate
    from accounts.services import ensure_analyst, issue_token

    path = demo.home / "token"
    if path.exists() and authenticate(f"Bearer {path.read_text()}"):
        return path.read_text()
    issued = issue_token(user=ensure_analyst(username="alice"), label="demo")
    write_secret(path, issued.secret)
    return issued.secret


def welcome(demo: Demo, token: str, password: str) -> str:
    from accounts.connecting import claude_code_line

    return f"""
fleetmcp serves the demo fleet at {demo.url}   (Ctrl-C stops it)

Connect Claude Code as the analyst alice: paste

  {claude_code_line(token)}

then ask, for example

  - Which tables are there, and what is in them?
  - What were the top 10 cost centres by distance in the last 30 days?
  - Which vehicles idled the most last week, and what fuel did that cost?

Or sign in instead of pasting a token, as alice, at {demo.url}/ : password {password}

Team lead, auditor, superuser: {demo.url}/admin/
  tess (leads alice's team), otto (auditor) or sue (superuser), the same password
"""
