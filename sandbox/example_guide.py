"""The way through the example desk, step by step, for the page's guide."""

from __future__ import annotations

from sandbox.seed import StepSeed

_ON_CARD: dict[str, object] = {"type": "message", "channel": "#it-triage"}
_APP_IN_TRIAGE: dict[str, object] = {
    **_ON_CARD,
    "message": {"user": "@app", "ts": "*", "blocks": [{"type": "actions"}]},
}


def _card_with(emoji: str) -> dict[str, object]:
    return {**_ON_CARD, "message": {"ts": "$card", "reactions": [{"name": emoji}]}}


def _reply_by(person: str) -> dict[str, object]:
    return {**_ON_CARD, "message": {"user": f"@{person}", "thread_ts": "$card"}}


def example_guide() -> list[StepSeed]:
    """From a printer on fire to a bot that was killed and lost nothing."""
    return [*_a_ticket(), *_a_digest(), *_a_crash()]


def _a_ticket() -> list[StepSeed]:
    return [
        StepSeed(
            "You are Ana, and your printer is on fire.",
            "In #it-help, type `/ticket My printer is on fire` and press Enter.",
            at="ana/it-help",
            when=[{"type": "envelope", "name": "/ticket"}],
        ),
        StepSeed(
            "Fill in the form.",
            "Choose how bad it is and send it. The desk has it from then on.",
            at="ana/it-help",
            when=[_APP_IN_TRIAGE],
            keep={"card": "message.ts"},
        ),
        StepSeed(
            "Be Ben from IT.",
            "Change who you are in the row of people, and open it-triage: Ana’s ticket has its card there.",
            at="ben/it-triage",
            when=[{"type": "place", "user": "@ben", "channel": "#it-triage"}],
        ),
        StepSeed(
            "Take the ticket.",
            "Put 👀 on the card. It shows that Ben is on it, and until when the desk has promised what.",
            at="ben/it-triage",
            when=[_card_with("eyes")],
        ),
        StepSeed(
            "Answer Ana.",
            "Reply in the card’s thread. Ana reads it where she asked; she never sees it-triage.",
            at="ben/it-triage",
            when=[_reply_by("ben")],
        ),
        StepSeed(
            "Solve it.",
            "Put ✅ on the card, then write in its thread what fixed it.",
            at="ben/it-triage",
            when=[_card_with("white_check_mark")],
        ),
    ]


def _a_digest() -> list[StepSeed]:
    return [
        StepSeed(
            "Let the night pass.",
            "Skip to tomorrow 9:00 in the top bar. Reports come on working days: at a weekend, skip again.",
            at="maria/it-managers",
            when=[{"type": "message", "channel": "#it-managers", "message": {"user": "@app"}}],
        ),
        StepSeed(
            "Be Maria, Head of IT.",
            "The morning’s digest stands in it-managers: what came in, what is late, what to look at.",
            at="maria/it-managers",
            when=[{"type": "place", "user": "@maria", "channel": "#it-managers"}],
        ),
    ]


def _a_crash() -> list[StepSeed]:
    return [
        StepSeed(
            "Now kill the bot.",
            "In the workshop, under App & time, press `Kill it`. As with a power cut, it cannot tidy up.",
            when=[{"type": "app", "state": "dead"}],
            needs="supervisor",
        ),
        StepSeed(
            "Ask for help while it is dead.",
            "As Ana, write something in #it-help and put 🎫 on it. In the inspector it is red: nobody hears.",
            at="ana/it-help",
            when=[{"type": "message", "channel": "#it-help", "message": {"reactions": [{"name": "ticket"}]}}],
            needs="supervisor",
        ),
        StepSeed(
            "Start it again.",
            "Press `Start it`. What it missed comes again in a minute, or by `Deliver waiting events now`.",
            when=[_APP_IN_TRIAGE],
            needs="supervisor",
        ),
        StepSeed(
            "Exactly one card.",
            "Nothing was lost and nothing was said twice. Try the faults, too.",
            at="ben/it-triage",
        ),
    ]
