// The sandbox's control API (see sandbox/README.md): what people can do and see.

// What the sandbox refused; the message says why
export class Refused extends Error {}

export const read = (name, query) => fetched(`/control/${name}?${new URLSearchParams(query)}`);

export function act(name, args) {
	const headers = {"Content-Type": "application/json"};
	return fetched(`/control/${name}`, {method: "POST", headers, body: JSON.stringify(args)});
}

export const readEmoji = () => fetched("/page/emoji.json");

async function fetched(address, request) {
	const response = await fetch(address, request);
	const data = await response.json();
	if (!response.ok) throw new Refused(data.error ?? `The sandbox answered ${response.status}.`);
	return data;
}

// Tells everything that happens from now on, and when the stream comes up or goes down; the browser reconnects it
export function listen(onEntry, onState) {
	const stream = new EventSource("/control/events");
	stream.onopen = () => onState(true);
	stream.onerror = () => onState(false);
	stream.onmessage = event => onEntry(JSON.parse(event.data));
}
