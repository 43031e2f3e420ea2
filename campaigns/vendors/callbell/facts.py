"""Callbell in tables: its routes, and what it leaves unsaid; both can be corrected in the settings.

DOC: its own documentation, docs.callbell.eu/api/reference, up to September 2026. OBS: seen by others against the live
API. ASSUMED: nobody has said.
"""

from typing import Literal

from campaigns.vendors.rest import Assumed, Route

BASE_URL = "https://api.callbell.eu/v1"
"""DOC /base_url."""
PER_SECOND = 300
"""DOC /rate_limits; whether per key, account or address is not said."""
PER_MINUTE = 60 * PER_SECOND

ROUTES = {  # DOC, each on its own page, but where a comment says otherwise
    "get_me": Route("GET", "/auth/me"),
    "list_contacts": Route("GET", "/contacts"),
    "create_contact": Route("POST", "/contacts"),
    "get_contact": Route("GET", "/contacts/{uuid}"),
    "find_contact_by_phone": Route("GET", "/contacts/phone/{number}"),
    "find_contact_by_bsuid": Route("GET", "/contacts/bsuid/{bsuid}"),
    "update_contact": Route("PATCH", "/contacts/{uuid}"),
    "delete_contact": Route("DELETE", "/contacts/{uuid}"),
    "list_contact_messages": Route("GET", "/contacts/{uuid}/messages"),
    "add_note": Route("POST", "/contacts/{uuid}/conversation/note"),
    "close_conversation": Route("POST", "/contacts/{uuid}/conversation/close"),
    "open_conversation": Route("POST", "/contacts/{uuid}/conversation/open"),
    # DOC title and release note; the page's sample has POST /contacts/{uuid}/messages/update_funnel instead.
    "move_conversation": Route("PUT", "/contacts/{uuid}/conversation/update_funnel"),
    "get_bot": Route("GET", "/contacts/{uuid}/bot"),
    "steer_bot": Route("POST", "/contacts/{uuid}/bot"),
    "list_channels": Route("GET", "/channels"),
    "get_channel": Route("GET", "/channels/{uuid}"),
    "update_channel": Route("PATCH", "/channels/{uuid}", repeatable=True),
    "list_teams": Route("GET", "/teams"),
    "get_team": Route("GET", "/teams/{uuid}"),
    "update_team": Route("PATCH", "/teams/{uuid}", repeatable=True),
    "list_team_members": Route("GET", "/teams/{uuid}/members"),
    "list_funnels": Route("GET", "/funnels"),
    "get_plan": Route("GET", "/plan"),
    "list_templates": Route("GET", "/templates"),
    "get_template": Route("GET", "/templates/{uuid}"),
    "update_template": Route("PATCH", "/templates/{uuid}", repeatable=True),
    "list_custom_statuses": Route("GET", "/custom_statuses"),
    "get_custom_status": Route("GET", "/custom_statuses/{id}"),
    "create_custom_status": Route("POST", "/custom_statuses"),
    "replace_custom_status": Route("PUT", "/custom_statuses/{id}"),
    # DOC title; the page's sample has /custom_status/{id}.
    "delete_custom_status": Route("DELETE", "/custom_statuses/{id}"),
    "set_user_status": Route("PUT", "/users/{uuid}/status"),
    "clear_user_status": Route("DELETE", "/users/{uuid}/status"),
    "send_message": Route("POST", "/messages/send"),
    "get_message_status": Route("GET", "/messages/status/{uuid}"),
    # DOC title; the page's sample has the uuid in a JSON body.
    "delete_message": Route("DELETE", "/messages/{uuid}"),
    # DOC; the page's heading says /webhooks/subscriptions.
    "subscribe": Route("POST", "/webhooks/subscribe"),
    "unsubscribe": Route("DELETE", "/webhooks/unsubscribe"),
    "list_webhook_events": Route("GET", "/webhooks/events"),
}


class Facts(Assumed):
    """What the documents leave open; the base has `auth` (DOC /authorization: `Authorization: Bearer {key}`)."""

    tags: Literal["brackets", "comma"] = "brackets"
    """How several tags are asked for: `tags[]=a&tags[]=b` (OBS), or `tags=a,b` (DOC)."""
    refused: frozenset[int] = frozenset({400, 422})
    """Statuses of a write whose values are not accepted, such as a tag or field that the account lacks. ASSUMED."""
    gone: frozenset[int] = frozenset({404, 410})
    """Statuses of an unknown uuid. ASSUMED."""
    stale_cursor: frozenset[int] = frozenset({400, 410, 422})
    """Statuses of a request whose cursor is damaged (DOC: 400) or has expired (ASSUMED)."""
    custom_fields: Literal["merge", "replace"] = "merge"
    """Whether PATCH `custom_fields` changes the named fields alone, or all of them. ASSUMED."""
