// What calls, envelopes and violations say, in plain words.

import { nameOf, state, titleOf } from "./state.js";

const KINDS = { events_api: "event", interactive: "interaction", slash_commands: "command" };

const REASONS = {
  http_timeout: "the try before took too long",
  http_error: "the try before was answered with an error",
  connection_failed: "the connection was gone",
};

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
  unknown_method: "Slack has no such method.",
};

const FAULTS = {
  drop: "cut by a fault, not carried out",
  error: "refused by a fault",
  garbage: "a fault answered with a web page",
  hang: "a fault made it wait",
  http_error: "a fault answered with an error",
  lost_answer: "carried out, the answer was lost by a fault",
  outage: "cut by the outage",
  ratelimited: "a fault asked to wait",
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
  const parts = [
    [Math.floor(left / 86400), "d"],
    [Math.floor(left / 3600) % 24, "h"],
    [Math.floor(left / 60) % 60, "min"],
  ].filter(([count]) => count);
  const words = parts.slice(0, 2).map(([count, unit]) => `${count} ${unit}`);
  return words.join(" ") || `${left} s`;
}

function placeName(id) {
  const channel = state.channels.get(id);
  if (channel?.is_im) return `@${titleOf(channel, state.app.bot_user)}`;
  return channel ? titleOf(channel, state.app.bot_user) : "";
}

/** One line for the list. `tone` is good, bad, wait or plain. */
export function summary(entry) {
  if (entry.type === "call") return ofCall(entry);
  return entry.type === "envelope" ? ofEnvelope(entry) : ofViolation(entry);
}

function ofCall(call) {
  const status = call.fault ? FAULTS[call.fault] ?? call.fault : callStatus(call);
  const isBad = Boolean(call.fault) || call.answer.ok === false;
  const where = placeName(call.args.channel ?? call.args.channel_id) || nameOf(call.args.user ?? call.args.user_id ?? "");
  return { arrow: "←", kind: "call", name: call.method, about: where, status, tone: isBad ? "bad" : "good" };
}

function callStatus(call) {
  return call.answer.ok === false ? (call.answer.error ?? `HTTP ${call.status}`) : `ok, ${duration(call.duration_ms)}`;
}

function ofEnvelope(envelope) {
  const [status, tone] = outcome(envelope);
  const event = envelope.payload.event ?? envelope.payload;
  const channel = event.channel?.id ?? event.channel ?? event.item?.channel ?? event.channel_id ?? "";
  const user = event.user?.id ?? event.user ?? event.user_id ?? "";
  const who = typeof user === "string" && user ? nameOf(user) : "";
  const about = [who, placeName(channel)].filter(Boolean).join(" in ");
  return { arrow: "→", kind: KINDS[envelope.kind] ?? envelope.kind, name: envelope.name, about, status, tone };
}

const LOST = {
  timeout: "no answer in time",
  lost: "lost with its socket",
  refused: "nobody there",
  failed: "answered with an error",
};

function outcome(envelope) {
  const last = envelope.attempts.at(-1);
  const acked = envelope.attempts.find((attempt) => attempt.outcome === "acked");
  const tries = envelope.attempts.length > 1 ? `, try ${envelope.attempts.length}` : "";
  if (acked) return [`acknowledged after ${duration(acked.ack_ms)}${tries}`, "good"];
  if (envelope.waits === "withheld") return ["withheld by a fault", "wait"];
  if (last?.outcome === "pending") return [`waiting for the app${tries}`, "wait"];
  const why = LOST[last?.outcome] ?? "not sent yet";
  if (envelope.waits === "redelivery") {
    const left = Math.max(0, Math.ceil(envelope.next_try - Date.now() / 1000));
    return [`${why}, again in ${left < 90 ? `${left} s` : span(left)}`, "bad"];
  }
  return [envelope.waits === "given_up" ? `${why}, given up` : why, "bad"];
}

function ofViolation(violation) {
  const about = violation.detail.replace(/ \[json-pointer:.*?\]$/, "");
  const name = violation.method;
  return { arrow: "!", kind: "violation", name, about, status: violation.kind, tone: "bad" };
}

/** One try, as a sentence. */
export function attemptWords(attempt) {
  const to = attempt.via.startsWith("socket:") ? `socket ${attempt.via.slice(7)}` : attempt.via === "http" ? "HTTP" : "a socket";
  const ends = {
    acked: `acknowledged after ${duration(attempt.ack_ms ?? 0)}`,
    pending: "no answer yet",
    timeout: "no answer in time",
    lost: "the socket closed before the answer",
    refused: "nobody was there",
    failed: "answered with an error",
  };
  const detail = attempt.detail && !["lost", "refused"].includes(attempt.outcome) ? ` (${attempt.detail})` : "";
  return `To ${to}: ${ends[attempt.outcome] ?? attempt.outcome}${detail}`;
}

/** Why a later try was made, from how the one before ended. */
export function retryReason(outcomeBefore) {
  return REASONS[{ timeout: "http_timeout", failed: "http_error" }[outcomeBefore] ?? "connection_failed"];
}

/** What Slack's validator says in an answer: sentences, each with the JSON pointer it speaks of. */
export function complaints(answer) {
  return (answer.response_metadata?.messages ?? []).map(complaint);
}

/** `[ERROR] must be… [json-pointer:/blocks/0]` in its parts. */
export function complaint(message) {
  const [, words, pointer = ""] = /^(?:\[\w+\] )?(.*?)(?: \[json-pointer:(.*)\])?$/s.exec(message);
  return { words: words.charAt(0).toUpperCase() + words.slice(1), pointer };
}
