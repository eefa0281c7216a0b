// The messages of a channel or a thread, as far back as somebody has looked.

import {read} from "./api.js";

// Messages that are read at first, and so many more each time somebody goes further back
const SOME = 150;

export class History {
	constructor(channel, thread) {
		this.where = thread ? {channel, thread_ts: thread} : {channel};
		this.isThread = Boolean(thread);
		this.limit = SOME;
		this.messages = [];
		this.hasMore = false;
		this.stale = new Set();
		this.going = null;
	}

	// Something happened to a message: one that stands further back is read again with the next refresh
	note(ts) {
		this.stale.add(ts);
	}

	// Reads the newest again, and of the older ones those that changed
	async refresh() {
		const [{messages, has_more: hasMore}] = await Promise.all([this.read({}), this.rereadStale()]);
		const first = messages[0]?.ts ?? "";
		const isConnected = this.messages.some(known => known.ts === first);
		const older = hasMore && !this.isThread && isConnected ? this.messages.filter(known => known.ts < first) : [];
		if (!older.length) this.hasMore = hasMore;
		this.messages = [...older, ...messages];
	}

	// Reads some that are older; whoever asks while that goes on waits for the same ones
	goBack() {
		this.going ??= this.readOlder().finally(() => (this.going = null));
		return this.going;
	}

	// A thread begins with its parent in any case, and is read as a whole
	async readOlder() {
		if (this.isThread) {
			this.limit += SOME;
			return this.refresh();
		}
		const {messages, has_more: hasMore} = await this.read({before: this.messages[0].ts});
		this.messages = [...messages, ...this.messages];
		this.hasMore = hasMore;
	}

	read(range) {
		return read("messages", {limit: this.limit, ...this.where, ...range});
	}

	async rereadStale() {
		const older = this.isThread ? [] : this.messages.slice(0, -SOME).filter(known => this.stale.has(known.ts));
		this.stale.clear();
		await Promise.all(older.map(({ts}) => this.reread(ts)));
	}

	async reread(ts) {
		const {messages} = await this.read({thread_ts: ts, limit: 1});
		const now = messages.filter(found => found.ts === ts);
		this.messages = this.messages.flatMap(known => (known.ts === ts ? now : known));
	}
}
