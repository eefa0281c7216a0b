"""Commands, buttons and modals, with a Bolt app on the other side."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest
from slack_bolt import Ack, App
from slack_sdk import WebClient

from sandbox.client import SandboxClient, SandboxRefused
from sandbox.jsontypes import JsonObject, as_object, as_text, objects
from sandbox.server import SandboxServer
from tests.sandbox.apps import bolt_app, connected, error_of


def modal(*blocks: JsonObject, **extra: object) -> JsonObject:
    return {
        "type": "modal",
        "callback_id": "form",
        "title": {"type": "plain_text", "text": "Form"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": list(blocks),
        **extra,
    }


def text_input(label: str, block_id: str, **extra: object) -> JsonObject:
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": label},
        "element": {"type": "plain_text_input", "action_id": "value"},
        **extra,
    }


def option(text: str, value: str) -> JsonObject:
    return {"text": {"type": "plain_text", "text": text}, "value": value}


SUMMARY = text_input("Summary", "summary")
NOTE = text_input("Note", "note", optional=True)
IMPACT: JsonObject = {
    "type": "input",
    "block_id": "impact",
    "label": {"type": "plain_text", "text": "Impact"},
    "element": {
        "type": "static_select",
        "action_id": "choice",
        "options": [option("Low", "low"), option("High", "high")],
        "initial_option": option("Low", "low"),
    },
}
BUTTONS: JsonObject = {
    "type": "actions",
    "block_id": "row",
    "elements": [
        {
            "type": "button",
            "action_id": "claim",
            "text": {"type": "plain_text", "text": "Claim"},
            "value": "INC-1",
        },
        {"type": "users_select", "action_id": "assign"},
        {"type": "overflow", "action_id": "more", "options": [option("Close", "close"), option("Note", "n")]},
    ],
}


def opener(app: App, view: JsonObject) -> None:
    """`/probe` opens the view."""

    @app.command("/probe")
    def on_probe(ack: Ack, body: JsonObject, client: WebClient) -> None:
        client.views_open(trigger_id=as_text(body["trigger_id"]), view=view)
        ack()


def test_the_reply_in_the_ack_is_for_the_person_only(server: SandboxServer, client: SandboxClient) -> None:
    app = bolt_app(server)
    app.command("/probe")(lambda ack, body: ack(f"got {body['text']}"))
    with connected(server, app):
        result = client.command("ana", "#it-help", "/probe", "ask @ben in #general")
    expected = f"got ask <@{client.user_id('ben')}|ben> in <#{client.channel_id('#general')}|general>"
    assert (result.acked, result.text) == (True, expected)
    assert [e.text for e in client.ephemerals("ana")] == [expected]
    assert client.messages("#it-help") == []


def test_without_should_escape_the_text_is_as_typed(server: SandboxServer, client: SandboxClient) -> None:
    app = bolt_app(server)
    app.command("/plain")(lambda ack, body: ack(body["text"]))
    with connected(server, app):
        assert client.command("ana", "#it-help", "/plain", "@ben <b>").text == "@ben <b>"


def test_an_in_channel_reply_is_seen_by_all(server: SandboxServer, client: SandboxClient) -> None:
    app = bolt_app(server)
    app.command("/probe")(lambda ack: ack(text="hello all", response_type="in_channel"))
    with connected(server, app):
        client.command("ana", "#random", "/probe")
    assert [m.text for m in client.messages("#random")] == ["hello all"]


def test_an_undeclared_command_is_refused(client: SandboxClient) -> None:
    with pytest.raises(SandboxRefused, match="not a valid command"):
        client.command("ana", "#it-help", "/nothing")


def test_nobody_connected_means_dispatch_failed(client: SandboxClient) -> None:
    assert client.command("ana", "#it-help", "/probe").error == "dispatch_failed"
    assert "dispatch_failed" in client.ephemerals("ana")[0].text
    assert client.violations() == []


def test_a_silent_app_lets_the_command_time_out(server: SandboxServer, client: SandboxClient) -> None:
    client.settings(ack_timeout=0.2)
    app = bolt_app(server)
    app.command("/probe")(lambda: None)
    with connected(server, app):
        result = client.command("ana", "#it-help", "/probe")
    assert result.error == "operation_timeout"
    assert [v.kind for v in client.violations()] == ["ack_timeout"]
    assert len(client.envelopes("/probe")[0].attempts) == 1


def test_a_modal_is_filled_by_label_and_submitted(server: SandboxServer, client: SandboxClient) -> None:
    app = bolt_app(server)
    opener(app, modal(SUMMARY, IMPACT, NOTE, private_metadata="keep"))
    seen: list[JsonObject] = []

    @app.view("form")
    def on_form(ack: Ack, view: JsonObject) -> None:
        seen.append(view)
        ack()

    with connected(server, app):
        client.command("ana", "#it-help", "/probe")
        view = client.view("ana")
        assert view is not None
        assert (view.title, view.labels) == ("Form", ["Summary", "Impact", "Note"])
        assert client.submit("ana", {"Summary": "broken", "impact": "High"}).errors == {}
        assert client.view("ana") is None
    values = as_object(as_object(seen[0]["state"])["values"])
    assert as_object(as_object(values["summary"])["value"])["value"] == "broken"
    assert as_object(as_object(as_object(values["impact"])["choice"])["selected_option"])["value"] == "high"
    assert as_object(as_object(values["note"])["value"])["value"] is None
    assert seen[0]["private_metadata"] == "keep"
    assert client.violations() == []


def test_slacks_client_holds_back_incomplete_forms(server: SandboxServer, client: SandboxClient) -> None:
    app = bolt_app(server)
    opener(app, modal(SUMMARY, IMPACT))
    with connected(server, app):
        client.command("ana", "#it-help", "/probe")
        with pytest.raises(SandboxRefused, match="'Summary' is required"):
            client.submit("ana")
        with pytest.raises(SandboxRefused, match="no option 'Huge'"):
            client.submit("ana", {"Summary": "x", "Impact": "Huge"})
        with pytest.raises(SandboxRefused, match="no input 'Colour'"):
            client.submit("ana", {"Colour": "red"})
    assert client.envelopes("view_submission") == []


def test_form_errors_are_shown_on_the_modal(server: SandboxServer, client: SandboxClient) -> None:
    app = bolt_app(server)
    opener(app, modal(SUMMARY))
    app.view("form")(lambda ack: ack(response_action="errors", errors={"summary": "Say more."}))
    with connected(server, app):
        client.command("ana", "#it-help", "/probe")
        assert client.submit("ana", {"Summary": "x"}).errors == {"summary": "Say more."}
        view = client.view("ana")
        assert view is not None
        assert view.errors == {"summary": "Say more."}
    assert client.violations() == []


def test_errors_for_unknown_blocks_are_a_violation(server: SandboxServer, client: SandboxClient) -> None:
    app = bolt_app(server)
    opener(app, modal(SUMMARY))
    app.view("form")(lambda ack: ack(response_action="errors", errors={"sumary": "Say more."}))
    with connected(server, app):
        client.command("ana", "#it-help", "/probe")
        assert client.submit("ana", {"Summary": "x"}).errors == {}
    assert [v.kind for v in client.violations()] == ["bad_errors"]


def test_a_submission_can_update_push_and_clear(server: SandboxServer, client: SandboxClient) -> None:
    app = bolt_app(server)
    opener(app, modal(SUMMARY))
    answers: list[JsonObject] = [
        {"response_action": "update", "view": modal(SUMMARY, title={"type": "plain_text", "text": "Two"})},
        {"response_action": "push", "view": modal(SUMMARY, title={"type": "plain_text", "text": "Three"})},
        {"response_action": "clear"},
    ]
    app.view("form")(lambda ack: ack(**answers.pop(0)))
    with connected(server, app):
        client.command("ana", "#it-help", "/probe")
        client.submit("ana", {"Summary": "a"})
        assert [v.title for v in client.views("ana")] == ["Two"]
        client.submit("ana", {"Summary": "b"})
        assert [v.title for v in client.views("ana")] == ["Two", "Three"]
        client.submit("ana", {"Summary": "c"})
        assert client.views("ana") == []
    assert client.violations() == []


def test_closing_is_told_only_on_request(server: SandboxServer, client: SandboxClient) -> None:
    app = bolt_app(server)
    opener(app, modal(SUMMARY, notify_on_close=True))
    app.view_closed("form")(lambda ack: ack())
    with connected(server, app):
        client.command("ana", "#it-help", "/probe")
        assert client.close("ana").acked
    [closed] = client.envelopes("view_closed")
    assert closed.payload["is_cleared"] is False


def test_a_trigger_works_once_and_for_three_seconds(server: SandboxServer, client: SandboxClient) -> None:
    slack = WebClient(server.bot_token, base_url=server.api_url)
    client.settings(trigger_lifetime=60)
    app = bolt_app(server)
    triggers: list[str] = []

    @app.command("/probe")
    def on_probe(ack: Ack, body: JsonObject) -> None:
        triggers.append(as_text(body["trigger_id"]))
        ack()

    with connected(server, app):
        client.command("ana", "#it-help", "/probe")
        client.command("ana", "#it-help", "/probe")
    used, unused = triggers
    slack.views_open(trigger_id=used, view=modal(SUMMARY))
    client.settings(trigger_lifetime=0)
    view = modal(SUMMARY)
    assert error_of(slack.views_open, trigger_id=used, view=view) == "exchanged_trigger_id"
    assert error_of(slack.views_open, trigger_id=unused, view=view) == "expired_trigger_id"
    assert error_of(slack.views_open, trigger_id="made-up", view=view) == "invalid_trigger_id"


def test_modals_stack_three_deep(server: SandboxServer, client: SandboxClient) -> None:
    app = bolt_app(server)
    opener(app, modal(BUTTONS))
    pushed: list[str] = []

    @app.action("claim")
    def on_click(ack: Ack, body: JsonObject, client: WebClient) -> None:
        ack()
        trigger = as_text(body["trigger_id"])
        if len(pushed) < 2:
            answer = client.views_push(trigger_id=trigger, view=modal(BUTTONS))
            pushed.append(answer["view"]["previous_view_id"])
        else:
            pushed.append(error_of(client.views_push, trigger_id=trigger, view=modal(BUTTONS)))

    with connected(server, app):
        client.command("ana", "#it-help", "/probe")
        for _ in range(3):
            client.click_view("ana", "Claim")
        client.wait_until(lambda: len(pushed) == 3, message="three pushes")
    stack = client.views("ana")
    assert pushed == [stack[0].id, stack[1].id, "push_limit_reached"]


def test_an_outdated_hash_changes_nothing(
    server: SandboxServer, slack: WebClient, client: SandboxClient
) -> None:
    ana = client.user_id("ana")
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    first = slack.views_publish(user_id=ana, view=home)["view"]
    slack.views_publish(user_id=ana, view=home, hash=first["hash"])
    assert error_of(slack.views_publish, user_id=ana, view=home, hash=first["hash"]) == "hash_conflict"
    assert client.violations() == []


def test_external_ids_are_unique_and_address_a_view(
    server: SandboxServer, slack: WebClient, client: SandboxClient
) -> None:
    app = bolt_app(server)
    opener(app, modal(SUMMARY, external_id="form-1"))
    client.settings(ack_timeout=1)
    with connected(server, app):
        client.command("ana", "#it-help", "/probe")
        client.command("ben", "#it-help", "/probe")
    assert client.view("ben") is None
    slack.views_update(external_id="form-1", view=modal(SUMMARY, NOTE, external_id="form-1"))
    view = client.view("ana")
    assert view is not None
    assert view.labels == ["Summary", "Note"]
    assert error_of(slack.views_update, view_id="V0", view=modal(SUMMARY)) == "not_found"


def test_an_invalid_view_does_not_use_up_the_trigger(server: SandboxServer, client: SandboxClient) -> None:
    app = bolt_app(server)

    @app.command("/probe")
    def on_probe(ack: Ack, body: JsonObject, client: WebClient) -> None:
        trigger = as_text(body["trigger_id"])
        bad = modal(SUMMARY, title={"type": "plain_text", "text": "x" * 25})
        assert error_of(client.views_open, trigger_id=trigger, view=bad) == "invalid_arguments"
        client.views_open(trigger_id=trigger, view=modal(SUMMARY))
        ack()

    with connected(server, app):
        client.command("ana", "#it-help", "/probe")
    assert client.view("ana") is not None


def post_card(slack: WebClient, client: SandboxClient) -> str:
    channel = client.channel_id("#it-triage")
    ts: str = slack.chat_postMessage(channel=channel, text="Card", blocks=[BUTTONS])["ts"]
    return ts


def test_clicks_and_choices_carry_the_whole_context(
    server: SandboxServer, slack: WebClient, client: SandboxClient
) -> None:
    app = bolt_app(server)
    for name in ("claim", "assign", "more"):
        app.action(name)(lambda ack: ack())
    ts = post_card(slack, client)
    with connected(server, app):
        assert client.click("ben", "#it-triage", ts, "Claim").acked
        assert client.click("ben", "#it-triage", ts, "assign", "lea").acked
        assert client.click("ben", "#it-triage", ts, "more", "Close").acked
    claim, assign, more = (e.payload for e in client.envelopes("block_actions"))
    [action] = objects(claim["actions"])
    assert (action["action_id"], action["value"], action["type"]) == ("claim", "INC-1", "button")
    assert as_object(claim["message"])["ts"] == as_object(claim["container"])["message_ts"] == ts
    assert objects(assign["actions"])[0]["selected_user"] == client.user_id("lea")
    state = as_object(as_object(more["state"])["values"])
    assert as_object(as_object(state["row"])["assign"])["selected_user"] == client.user_id("lea")
    assert as_object(objects(more["actions"])[0]["selected_option"])["value"] == "close"
    assert client.violations() == []


def test_a_button_that_is_not_there_cannot_be_clicked(slack: WebClient, client: SandboxClient) -> None:
    ts = post_card(slack, client)
    with pytest.raises(SandboxRefused, match="there is: Claim, assign, more"):
        client.click("ben", "#it-triage", ts, "Resolve")


def test_who_clicks_while_an_update_gives_new_ids_means_the_button_they_see(
    server: SandboxServer, slack: WebClient, client: SandboxClient
) -> None:
    def row(value: str) -> JsonObject:
        text = {"type": "plain_text", "text": "Open"}
        return {"type": "actions", "elements": [{"type": "button", "text": text, "value": value}]}

    def press(blocks: JsonObject, **where: str) -> None:
        [block] = objects(blocks["blocks"])
        [element] = objects(block["elements"])
        client.act("click", user="ben", element=f"{block['block_id']}/{element['action_id']}", **where)

    ben, channel = client.user_id("ben"), client.channel_id("#it-triage")
    ts = as_text(slack.chat_postMessage(channel=channel, text="Card", blocks=[row("first")])["ts"])
    card = client.messages("#it-triage")[-1].raw
    slack.chat_update(channel=channel, ts=ts, text="Card", blocks=[row("second")])
    home = slack.views_publish(user_id=ben, view={"type": "home", "blocks": [row("first")]})["view"]
    slack.views_publish(user_id=ben, view={"type": "home", "blocks": [row("second")]})
    app = bolt_app(server)
    app.action({"type": "block_actions"})(lambda ack: ack())
    with connected(server, app):
        press(card, channel=channel, ts=ts)
        press(home, view_id=home["id"])
    clicked = [objects(envelope.payload["actions"])[0] for envelope in client.envelopes("block_actions")]
    assert [action["value"] for action in clicked] == ["first", "first"]


def test_an_external_select_asks_the_app(server: SandboxServer, client: SandboxClient) -> None:
    app = bolt_app(server)
    service: JsonObject = {
        "type": "input",
        "block_id": "service",
        "label": {"type": "plain_text", "text": "Service"},
        "element": {"type": "external_select", "action_id": "pick", "min_query_length": 0},
    }
    opener(app, modal(service))
    app.options("pick")(lambda ack, payload: ack(options=[option(f"About {payload['value']}", "s1")]))
    app.view("form")(lambda ack: ack())
    with connected(server, app):
        client.command("ana", "#it-help", "/probe")
        offered = client.suggest("ana", "Service", "mail")
        client.submit("ana", {"Service": "mail"})
    assert as_object(offered[0]["text"])["text"] == "About mail"


def test_shortcuts_reach_the_app(server: SandboxServer, client: SandboxClient) -> None:
    app = bolt_app(server)
    app.shortcut("raise_it")(lambda ack: ack())
    app.shortcut("start_it")(lambda ack: ack())
    ts = client.post("ana", "#it-help", "printer is broken")
    with connected(server, app):
        assert client.shortcut("ben", "raise_it", "#it-help", ts).acked
        assert client.shortcut("ben", "start_it").acked
    [envelope] = client.envelopes("message_action")
    assert as_object(envelope.payload["message"])["text"] == "printer is broken"
    with pytest.raises(SandboxRefused, match="declares no message shortcut"):
        client.shortcut("ben", "start_it", "#it-help", ts)


def send(url: str, content: JsonObject) -> int:
    """POSTs to a response_url and returns the status."""
    request = urllib.request.Request(url, json.dumps(content).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_a_response_url_replaces_answers_and_wears_out(
    server: SandboxServer, slack: WebClient, client: SandboxClient
) -> None:
    app = bolt_app(server)
    app.action("claim")(lambda ack: ack())
    ts = post_card(slack, client)
    with connected(server, app):
        client.click("ben", "#it-triage", ts, "Claim")
    url = as_text(client.envelopes("block_actions")[0].payload["response_url"])
    assert send(url, {"text": "replaced", "replace_original": True}) == 200
    assert [m.text for m in client.messages("#it-triage")] == ["replaced"]
    assert send(url, {"text": "only you"}) == 200
    assert [e.text for e in client.ephemerals("ben")] == ["only you"]
    assert send(url, {"text": "everyone", "response_type": "in_channel"}) == 200
    assert send(url, {"delete_original": True}) == 200
    assert [m.text for m in client.messages("#it-triage")] == ["everyone"]
    assert [send(url, {"text": "5"}), send(url, {"text": "6"})] == [200, 404]
    assert [v.kind for v in client.violations()] == ["used_url"]


def test_a_response_url_works_where_the_app_is_no_member(
    server: SandboxServer, client: SandboxClient
) -> None:
    app = bolt_app(server)
    app.command("/probe")(lambda ack: ack())
    asked = client.post("ana", "#random", "anybody?")
    with connected(server, app):
        client.command("ana", "#random", "/probe")
    url = as_text(client.envelopes("/probe")[0].payload["response_url"])
    assert send(url, {"text": "here", "response_type": "in_channel", "thread_ts": asked}) == 200
    assert [m.text for m in client.messages("#random", asked)][-1] == "here"
    assert send(url, {"text": "Done.", "delete_original": True}) == 404
    assert send(url, {"text": "x" * 20_000_000}) == 404
    client.settings(response_url_lifetime=0)
    assert send(url, {"text": "late"}) == 404
    assert [v.kind for v in client.violations()] == ["invalid_arguments", "invalid_payload", "expired_url"]


def test_a_response_url_is_the_way_to_change_an_ephemeral(
    server: SandboxServer, slack: WebClient, client: SandboxClient
) -> None:
    app = bolt_app(server)
    app.action("claim")(lambda ack: ack())
    channel = client.channel_id("#it-triage")
    slack.chat_postEphemeral(channel=channel, user=client.user_id("ben"), text="Sure?", blocks=[BUTTONS])
    [shown] = client.ephemerals("ben")
    with connected(server, app):
        client.click("ben", "#it-triage", shown.ts, "Claim")
    [envelope] = client.envelopes("block_actions")
    assert "message" not in envelope.payload
    assert as_object(envelope.payload["container"])["is_ephemeral"] is True
    send(as_text(envelope.payload["response_url"]), {"text": "Done.", "replace_original": True})
    assert [e.text for e in client.ephemerals("ben")] == ["Done."]


def test_the_app_home_shows_what_was_published(
    server: SandboxServer, slack: WebClient, client: SandboxClient
) -> None:
    app = bolt_app(server)
    app.action("claim")(lambda ack: ack())
    slack.views_publish(user_id=client.user_id("ana"), view={"type": "home", "blocks": [BUTTONS]})
    with connected(server, app):
        assert client.click_view("ana", "Claim").acked
    home = client.home("ana")
    assert home is not None
    assert home.buttons == ["Claim"]
