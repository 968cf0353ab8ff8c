"""People, teams, policies and tokens: the facts, and the questions that one asks of them."""

from __future__ import annotations

from accounts.models.connections import Connection, access_token_with_digest
from accounts.models.oauth import AccessToken, Application, Grant, IDToken, RefreshToken
from accounts.models.pauses import Pause
from accounts.models.people import SEE_EVERYONE, USE_MCP, Membership, Role, Team, User, may_use_mcp
from accounts.models.policies import LIMITS, AccessPolicy, DeniedColumn, policy_row
from accounts.models.tokens import AnalystToken, TokenStatus, status_condition, token_with_digest

__all__ = [
    "LIMITS",
    "SEE_EVERYONE",
    "USE_MCP",
    "AccessPolicy",
    "AccessToken",
    "AnalystToken",
    "Application",
    "Connection",
    "DeniedColumn",
    "Grant",
    "IDToken",
    "Membership",
    "Pause",
    "RefreshToken",
    "Role",
    "Team",
    "TokenStatus",
    "User",
    "access_token_with_digest",
    "may_use_mcp",
    "policy_row",
    "status_condition",
    "token_with_digest",
]
