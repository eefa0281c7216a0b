// The sandbox's control API (see sandbox/README.md): what people can do and see.

/** What the sandbox refused; the message says why. */
export class Refused extends Error {}

/** `GET /control/<name>` */
export async function read(name, query = {}) {
  return answerOf(await fetch(`/control/${name}?${new URLSearchParams(query)}`));
}

/** `POST /control/<name>` */
export async function act(name, args) {
  const request = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(args),
  };
  return answerOf(await fetch(`/control/${name}`, request));
}

/** Characters of emoji by name. */
export async function readEmoji() {
  return answerOf(await fetch("/page/emoji.json"));
}

async function answerOf(response) {
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
  stream.onmessage = (event) => onEntry(JSON.parse(event.data));
}
