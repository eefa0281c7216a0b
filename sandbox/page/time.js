// Instants as the acting person reads them: in their own time zone. Seconds may come as text, as in a ts.

import {me, now} from "./state.js";

// Making a format takes longer than a thousand uses of it, so there is one for each time zone
function writer(options) {
	const formats = new Map();
	return seconds => {
		const timeZone = me()?.tz;
		if (!formats.has(timeZone)) formats.set(timeZone, new Intl.DateTimeFormat("en-GB", {timeZone, ...options}));
		return formats.get(timeZone).format(new Date(seconds * 1000));
	};
}

const DATE = {day: "numeric", month: "long", year: "numeric"};
const SHORT = {...DATE, month: "short"};
const LONG = {...DATE, weekday: "long"};

// `14:05`
export const timeOf = writer({hour: "2-digit", minute: "2-digit"});

// `14:05:09`
export const timeWithSeconds = writer({hour: "2-digit", minute: "2-digit", second: "2-digit"});

const numericDate = writer({year: "numeric", month: "2-digit", day: "2-digit"});
const shortDay = writer({weekday: "short", day: "numeric", month: "short"});
const longDay = writer({weekday: "long", day: "numeric", month: "long"});

// `Mon 2 Nov, 14:05`
export const momentOf = seconds => `${shortDay(seconds)}, ${timeOf(seconds)}`;

// `Today`, `Yesterday`, `Monday 2 November`
export const dayOf = seconds => relativeDay(seconds) ?? longDay(seconds);

const STEPS = [
	[86400, "day"],
	[3600, "hour"],
	[60, "minute"]
];

// `5 minutes ago`, `1 day ago`; the date of what is more than a week old
export function ago(seconds) {
	const past = now() - seconds;
	if (past < 60) return "just now";
	if (past >= 7 * 86400) return momentOf(seconds);
	const [size, unit] = STEPS.find(([size]) => past >= size);
	return new Intl.RelativeTimeFormat("en-GB").format(-Math.floor(past / size), unit);
}

function relativeDay(seconds) {
	const wanted = numericDate(seconds);
	const names = {Today: 0, Yesterday: -86400, Tomorrow: 86400};
	return Object.keys(names).find(name => numericDate(now() + names[name]) === wanted);
}

function pretty(options) {
	const write = writer(options);
	return seconds => relativeDay(seconds)?.toLowerCase() ?? write(seconds);
}

const TOKENS = {
	date_num: numericDate,
	date: writer(DATE),
	date_short: writer(SHORT),
	date_long: writer(LONG),
	date_pretty: pretty(DATE),
	date_short_pretty: pretty(SHORT),
	date_long_pretty: pretty(LONG),
	time: timeOf,
	time_secs: timeWithSeconds
};

// Slack's date formats, as in `{date_short_pretty} at {time}`
export function formatted(format, seconds) {
	return format.replace(/\{(\w+)\}/g, (whole, name) => TOKENS[name]?.(seconds) ?? whole);
}

export function untilTomorrowAtNine() {
	const local = now() + (me()?.tz_offset ?? 0);
	return Math.ceil((Math.floor(local / 86400) + 1) * 86400 + 9 * 3600 - local);
}
