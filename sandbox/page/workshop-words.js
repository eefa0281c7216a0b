// What calls, envelopes and violations say, in plain words.

import { nameOf, state, titleOf } from "./state.js";

const KINDS = { events_api: "event", interactive: "interaction", slash_commands: "command" };

const CODES = {
	ack_failed: "The app answered with an error instead of an acknowledgement.",
	ack_payload: "An event is acknowledged without a payload.",
	ack_timeout: "The app must acknowledge within three seconds.",
	bad_errors: "Errors of a form must name its inputs.",
	channel_not_found: "There is no such channel, or the app cannot see it.",
	expired_trigger_id: "A trigger is good for three seconds.",
	invalid_arguments: "Slack does not take these arguments.",
	invalid_auth: "Slack does not know this token.",
	invalid_blocks: "Slack does not show these blocks.",
	live_markup: "Somebody’s text would have pinged everyone.",
	message_not_found: "There is no such message.",
	missing_scope: "The manifest does not grant the scope for this.",
	missing_text_in_message: "A message needs text beside its blocks, for notifications and screen readers.",
	not_authed: "The call came without a token.",
	not_in_channel: "The app is not in this channel.",
	not_supported_by_sandbox: "Slack has this, the sandbox does not.",
	ratelimited: "Too many calls: the app must wait.",
	token_leaked: "An upload address was sent the app’s token.",
	unknown_method: "Slack has no such method."
};

const FAULTS = {
	drop: "cut by a fault, not carried out",
	error: "refused by a fault",
	garbage: "a fault answered with a web page",
	hang: "a fault made it wait",
	http_error: "a fault answered with an error",
	lost_answer: "carried out, the answer was lost by a fault",
	outage: "cut by the outage",
	ratelimited: "a fault asked to wait"
};

/** How a try ended: in the list, as a sentence, and as the reason of the next one. */
const ENDS = {
	timeout: ["no answer in time", "no answer in time", "the try before took too long"],
	lost: ["lost with its socket", "the socket closed before the answer", "the connection was gone"],
	refused: ["nobody there", "nobody was there", "the connection was gone"],
	failed: ["answered with an error", "answered with an error", "the try before was answered with an error"]
};

/** A sentence for an error code, empty where there is none. */
export function explained(code) {
	return CODES[code] ?? "";
}

/** `41 ms`, `1.2 s` */
export function duration(milliseconds) {
	return milliseconds < 999.5 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

/** `2 h 15 min`, `45 s` */
export function span(seconds) {
	const left = Math.max(0, Math.round(seconds));
	const counts = { d: left / 86400, h: (left / 3600) % 24, min: (left / 60) % 60 };
	const parts = Object.entries(counts).filter(([, count]) => count >= 1);
	const words = parts.slice(0, 2).map(([unit, count]) => `${Math.floor(count)} ${unit}`);
	return words.join(" ") || `${left} s`;
}

/** One line for the list. `tone` is good, bad or wait. */
export function summary(entry) {
	return { call: ofCall, envelope: ofEnvelope, violation: ofViolation }[entry.type](entry);
}

function placeName(id) {
	const channel = state.channels.get(id);
	return `${channel?.is_im ? "@" : ""}${titleOf(channel, state.app.bot_user)}`;
}

function ofCall({ method: name, args, answer, fault, status, duration_ms }) {
	const about = placeName(args.channel ?? args.channel_id) || nameOf(args.user ?? args.user_id ?? "");
	const isRefused = answer.ok === false;
	const end = isRefused ? (answer.error ?? `HTTP ${status}`) : `ok, ${duration(duration_ms)}`;
	const tone = fault || isRefused ? "bad" : "good";
	return { arrow: "←", kind: "call", name, about, status: fault ? (FAULTS[fault] ?? fault) : end, tone };
}

function ofEnvelope(envelope) {
	const [status, tone] = outcome(envelope);
	const event = envelope.payload.event ?? envelope.payload;
	const channel = event.channel?.id ?? event.channel ?? event.item?.channel ?? event.channel_id;
	const user = event.user?.id ?? event.user ?? event.user_id;
	const who = typeof user === "string" && nameOf(user);
	const about = [who, placeName(channel)].filter(Boolean).join(" in ");
	return { arrow: "→", kind: KINDS[envelope.kind] ?? envelope.kind, name: envelope.name, about, status, tone };
}

function outcome({ attempts, waits, next_try }) {
	const last = attempts.at(-1)?.outcome;
	const acked = attempts.find(({ outcome }) => outcome === "acked");
	const tries = attempts.length > 1 ? `, try ${attempts.length}` : "";
	if (acked) return [`acknowledged after ${duration(acked.ack_ms)}${tries}`, "good"];
	if (waits === "withheld") return ["withheld by a fault", "wait"];
	if (last === "pending") return [`waiting for the app${tries}`, "wait"];
	const [why] = ENDS[last] ?? ["not sent yet"];
	if (waits !== "redelivery") return [waits === "given_up" ? `${why}, given up` : why, "bad"];
	const left = Math.max(0, Math.ceil(next_try - Date.now() / 1000));
	return [`${why}, again in ${left < 90 ? `${left} s` : span(left)}`, "bad"];
}

function ofViolation({ detail, method: name, kind: status }) {
	const about = detail.replace(/ \[json-pointer:.*?\]$/, "");
	return { arrow: "!", kind: "violation", name, about, status, tone: "bad" };
}

/** One try, as a sentence. */
export function attemptWords({ via, outcome, ack_ms, detail }) {
	const to = via.startsWith("socket:") ? `socket ${via.slice(7)}` : { http: "HTTP" }[via] ?? "a socket";
	const ends = { acked: `acknowledged after ${duration(ack_ms ?? 0)}`, pending: "no answer yet" };
	const end = ends[outcome] ?? ENDS[outcome]?.[1] ?? outcome;
	return `To ${to}: ${end}${detail && !["lost", "refused"].includes(outcome) ? ` (${detail})` : ""}`;
}

/** Why a later try was made, from how the one before ended. */
export function retryReason(outcomeBefore) {
	return (ENDS[outcomeBefore] ?? ENDS.lost)[2];
}

/** `[ERROR] must be… [json-pointer:/blocks/0]` in its parts. */
export function complaint(message) {
	const [, words, pointer = ""] = /^(?:\[\w+\] )?(.*?)(?: \[json-pointer:(.*)\])?$/s.exec(message);
	return { words: words.charAt(0).toUpperCase() + words.slice(1), pointer };
}
