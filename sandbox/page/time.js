// Instants as the acting person reads them: in their own time zone.

import { me, now } from "./state.js";

function zone() {
  return me()?.tz ?? undefined;
}

const formats = new Map();

/** Making a format takes longer than a thousand uses of it. */
function formatOf(options) {
  const key = `${zone()} ${JSON.stringify(options)}`;
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat("en-GB", { timeZone: zone(), ...options }));
  return formats.get(key);
}

function show(seconds, options) {
  return formatOf(options).format(new Date(seconds * 1000));
}

/** `14:05` */
export function timeOf(seconds) {
  return show(seconds, { hour: "2-digit", minute: "2-digit" });
}

/** `Mon 2 Nov, 14:05` */
export function momentOf(seconds) {
  return `${show(seconds, { weekday: "short", day: "numeric", month: "short" })}, ${timeOf(seconds)}`;
}

/** `Today`, `Yesterday`, `Monday 2 November` */
export function dayOf(seconds) {
  return relativeDay(seconds) ?? show(seconds, { weekday: "long", day: "numeric", month: "long" });
}

const STEPS = [
  [86400, "day"],
  [3600, "hour"],
  [60, "minute"],
];

/** `5 minutes ago`, `yesterday`; the date of what is more than a week old. */
export function ago(seconds) {
  const past = now() - seconds;
  if (past >= 7 * 86400) return momentOf(seconds);
  const [size, unit] = STEPS.find(([size]) => past >= size) ?? [60, ""];
  if (!unit) return "just now";
  return new Intl.RelativeTimeFormat("en-GB", { numeric: "auto" }).format(-Math.floor(past / size), unit);
}

function relativeDay(seconds) {
  const day = (instant) => show(instant, { year: "numeric", month: "2-digit", day: "2-digit" });
  const wanted = day(seconds);
  if (wanted === day(now())) return "Today";
  if (wanted === day(now() - 86400)) return "Yesterday";
  return wanted === day(now() + 86400) ? "Tomorrow" : null;
}

const TOKENS = {
  date_num: (s) => show(s, { year: "numeric", month: "2-digit", day: "2-digit" }),
  date: (s) => show(s, { day: "numeric", month: "long", year: "numeric" }),
  date_short: (s) => show(s, { day: "numeric", month: "short", year: "numeric" }),
  date_long: (s) => show(s, { weekday: "long", day: "numeric", month: "long", year: "numeric" }),
  date_pretty: (s) => relativeDay(s)?.toLowerCase() ?? TOKENS.date(s),
  date_short_pretty: (s) => relativeDay(s)?.toLowerCase() ?? TOKENS.date_short(s),
  date_long_pretty: (s) => relativeDay(s)?.toLowerCase() ?? TOKENS.date_long(s),
  time: timeOf,
  time_secs: (s) => show(s, { hour: "2-digit", minute: "2-digit", second: "2-digit" }),
};

/** Slack's date formats, as in `{date_short_pretty} at {time}`. */
export function formatted(format, seconds) {
  return format.replace(/\{(\w+)\}/g, (whole, name) => TOKENS[name]?.(seconds) ?? whole);
}

/** Seconds until nine in the morning of the person's next day. */
export function untilTomorrowAtNine() {
  const local = now() + (me()?.tz_offset ?? 0);
  return Math.ceil((Math.floor(local / 86400) + 1) * 86400 + 9 * 3600 - local);
}

/** `14:05:09` */
export function timeWithSeconds(seconds) {
  return TOKENS.time_secs(seconds);
}
