"""chat.unfurl: what an app shows below the links that people post."""

from __future__ import annotations

from sandbox.api.call import ApiError, Call, method
from sandbox.elements import fill_ids
from sandbox.jsontypes import JsonObject, as_object, objects
from sandbox.validation.blocks import check_blocks
from sandbox.validation.problems import recode, step


@method("chat.unfurl")
def unfurl(call: Call) -> JsonObject:
    if call.text("unfurl_id"):
        # No link_shared event hands one out here.
        raise ApiError("invalid_unfurl_id")
    if not call.text("ts"):
        raise ApiError("missing_ts")
    channel = call.workspace.channels.get(call.text("channel"))
    if channel is None or call.bot_user not in channel.members:
        raise ApiError("cannot_find_channel")
    message = channel.messages.get(call.text("ts"))
    if message is None:
        raise ApiError("cannot_find_message")
    unfurls = as_object(call.json("unfurls"))
    if not unfurls or not all(isinstance(item, dict) for item in unfurls.values()):
        raise ApiError("invalid_unfurls_format")
    if any(url not in message.text for url in unfurls):
        raise ApiError("cannot_unfurl_url")
    attachments = [_attachment(call, url, as_object(item)) for url, item in unfurls.items()]
    call.workspace.change(message, editor="", attachments=message.attachments + attachments)
    return {}


def _attachment(call: Call, url: str, content: JsonObject) -> JsonObject:
    if "blocks" in content:
        found = check_blocks(content["blocks"], surface="message", at=step("/unfurls", url) + "/blocks")
        call.refuse(recode(found, "cannot_parse_attachment"))
        content = content | {"blocks": fill_ids(objects(content["blocks"]))}
    return content | {"from_url": url, "is_app_unfurl": True, "app_id": call.sandbox.app.app_id}
