// What calls, envelopes and violations say, in plain words.

import {read} from "./api.js";
import {nameOf, state, titleOf} from "./state.js";

const KINDS = {events_api: "event", interactive: "interaction", slash_commands: "command"};

let codes = {};
let hits = new Map();

// Reads what errors mean, and what becomes of calls that meet a fault
export async function readWords() {
	const {faults, errors} = await read("words");
	codes = errors;
	hits = new Map(faults.flatMap(({kinds}) => kinds.map(({kind, hit}) => [kind, hit])));
	return faults;
}

// How a try ended
const ENDS = {
	timeout: "no answer in time",
	lost: "lost with its socket",
	refused: "nobody there",
	failed: "answered with an error"
};

export const explained = code => codes[code] ?? "";

// `41 ms`, `1.2 s`
export function duration(milliseconds) {
	return milliseconds < 999.5 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}

// `2 h 15 min`, `45 s`
export function span(seconds) {
	const left = Math.max(0, Math.round(seconds));
	const counts = {d: left / 86400, h: (left / 3600) % 24, min: (left / 60) % 60};
	const parts = Object.entries(counts).filter(([, count]) => count >= 1);
	const words = parts.slice(0, 2).map(([unit, count]) => `${Math.floor(count)} ${unit}`);
	return words.join(" ") || `${left} s`;
}

// `once`, `2 times`
export const times = count => count === 1 ? "once" : `${count} times`;

// One line for the list. `tone` is good, bad or wait
export const summary = entry => ({call: ofCall, envelope: ofEnvelope, violation: ofViolation}[entry.type](entry));

function placeName(id) {
	const channel = state.channels.get(id);
	return `${channel?.is_im ? "@" : ""}${titleOf(channel, state.app.bot_user)}`;
}

function ofCall({method: name, args, answer, fault, status, duration_ms}) {
	const about = placeName(args.channel ?? args.channel_id) || nameOf(args.user ?? args.user_id ?? "");
	const isRefused = answer.ok === false;
	const end = isRefused ? (answer.error ?? `HTTP ${status}`) : `ok, ${duration(duration_ms)}`;
	const tone = fault || isRefused ? "bad" : "good";
	return {arrow: "←", kind: "call", name, about, status: fault ? hits.get(fault) : end, tone};
}

function ofEnvelope(envelope) {
	const [status, tone] = outcome(envelope);
	const event = envelope.payload.event ?? envelope.payload;
	const channel = event.channel?.id ?? event.channel ?? event.item?.channel ?? event.channel_id;
	const user = event.user?.id ?? event.user ?? event.user_id;
	const who = typeof user === "string" && nameOf(user);
	const about = [who, placeName(channel)].filter(Boolean).join(" in ");
	return {arrow: "→", kind: KINDS[envelope.kind] ?? envelope.kind, name: envelope.name, about, status, tone};
}

function outcome({attempts, waits, next_try}) {
	const last = attempts.at(-1)?.outcome;
	const acked = attempts.find(({outcome}) => outcome === "acked");
	const tries = attempts.length > 1 ? `, try ${attempts.length}` : "";
	if (acked) return [`acknowledged after ${duration(acked.ack_ms)}${tries}`, "good"];
	if (waits === "withheld") return ["withheld by a fault", "wait"];
	if (last === "pending") return [`waiting for the app${tries}`, "wait"];
	const why = ENDS[last] ?? "not sent yet";
	if (waits !== "redelivery") return [waits === "given_up" ? `${why}, given up` : why, "bad"];
	const left = Math.max(0, Math.ceil(next_try - Date.now() / 1000));
	return [`${why}, again in ${left < 90 ? `${left} s` : span(left)}`, "bad"];
}

function ofViolation({detail, method: name, kind: status}) {
	const about = detail.replace(/ \[json-pointer:.*?\]$/, "");
	return {arrow: "!", kind: "violation", name, about, status, tone: "bad"};
}

export function attemptWords({via, outcome, ack_ms, detail}) {
	const to = via.startsWith("socket:") ? `socket ${via.slice(7)}` : {http: "HTTP"}[via] ?? "a socket";
	const ends = {acked: `acknowledged after ${duration(ack_ms ?? 0)}`, pending: "no answer yet"};
	const end = ends[outcome] ?? ENDS[outcome] ?? outcome;
	return `To ${to}: ${end}${detail && !["lost", "refused"].includes(outcome) ? ` (${detail})` : ""}`;
}

// `[ERROR] must be… [json-pointer:/blocks/0]` in its parts
export function complaint(message) {
	const [, words, pointer = ""] = /^(?:\[\w+\] )?(.*?)(?: \[json-pointer:(.*)\])?$/s.exec(message);
	return {words: words.charAt(0).toUpperCase() + words.slice(1), pointer};
}
