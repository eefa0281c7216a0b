// The sandbox's control API (see sandbox/README.md): what people can do and see.

/** What the sandbox refused; the message says why. */
export class Refused extends Error {}

/** `GET /control/<name>` */
export function read(name, query) {
	return fetched(`/control/${name}?${new URLSearchParams(query)}`);
}

/** `POST /control/<name>` */
export function act(name, args) {
	const headers = { "Content-Type": "application/json" };
	return fetched(`/control/${name}`, { method: "POST", headers, body: JSON.stringify(args) });
}

/** Characters of emoji by name. */
export function readEmoji() {
	return fetched("/page/emoji.json");
}

async function fetched(address, request) {
	const response = await fetch(address, request);
	const data = await response.json();
	if (!response.ok) throw new Refused(data.error ?? `The sandbox answered ${response.status}.`);
	return data;
}

/**
 * Calls `onEntry` with everything that happens from now on, `onState` when the stream comes up or goes down.
 * The browser reconnects by itself.
 */
export function listen(onEntry, onState) {
	const stream = new EventSource("/control/events");
	stream.onopen = () => onState(true);
	stream.onerror = () => onState(false);
	stream.onmessage = event => onEntry(JSON.parse(event.data));
}
