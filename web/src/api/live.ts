// Live feed over server-sent events. One connection for the whole console. The browser reconnects by
// itself with Last-Event-ID; what it cannot mend (a refused connection) is retried here with back-off.
// Ten seconds without a connection make the console say so: see `useLive`.
import { useEffect, useRef, useSyncExternalStore } from 'react';

export type LiveState = 'off' | 'connecting' | 'live' | 'stale';
export type LiveEvent = { type: string; id: string; data: unknown };
type Handler = (event: LiveEvent) => void;

const kStaleMs = 10_000;
const kRetryMaxMs = 15_000;

class LiveFeed {
  private source: EventSource | null = null;
  private state_: LiveState = 'off';
  private staleTimer: ReturnType<typeof setTimeout> | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private retryMs = 1000;
  private lastId = '';
  private lost = false;
  private types: string[] = [];
  private readonly watchers = new Set<() => void>();
  private readonly handlers = new Set<Handler>();
  private readonly resyncs = new Set<() => void>();
  private url = '';

  start(url: string, types: string[]) {
    if (this.source || this.retryTimer) return;
    this.url = url;
    this.types = types;
    this.connect();
  }

  stop() {
    clearTimeout(this.retryTimer);
    clearTimeout(this.staleTimer);
    this.retryTimer = undefined;
    this.staleTimer = undefined;
    this.source?.close();
    this.source = null;
    this.lost = false;
    this.lastId = '';
    this.set('off');
  }

  state = () => this.state_;

  watch = (watcher: () => void) => {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  };

  on(handler: Handler) {
    this.handlers.add(handler);
    return () => this.handlers.delete(handler);
  }

  onResync(handler: () => void) {
    this.resyncs.add(handler);
    return () => this.resyncs.delete(handler);
  }

  private connect() {
    this.retryTimer = undefined;
    if (this.state_ === 'off') this.set('connecting');
    this.armStale();
    const from = this.lastId ? `?last_event_id=${encodeURIComponent(this.lastId)}` : '';
    const source = new EventSource(this.url + from);
    this.source = source;
    source.onopen = () => {
      clearTimeout(this.staleTimer);
      this.staleTimer = undefined;
      this.retryMs = 1000;
      this.set('live');
      if (this.lost) {
        this.lost = false;
        for (const resync of this.resyncs) resync();
      }
    };
    source.onerror = () => {
      this.lost = true;
      if (this.state_ === 'live') this.set('connecting');
      this.armStale();
      if (source.readyState === EventSource.CLOSED) {
        source.close();
        this.source = null;
        clearTimeout(this.retryTimer);
        this.retryTimer = setTimeout(() => this.connect(), this.retryMs);
        this.retryMs = Math.min(this.retryMs * 2, kRetryMaxMs);
      }
    };
    for (const type of ['message', ...this.types]) {
      source.addEventListener(type, (event) => this.receive(type, event as MessageEvent<string>));
    }
  }

  private receive(type: string, event: MessageEvent<string>) {
    if (event.lastEventId) this.lastId = event.lastEventId;
    let data: unknown = null;
    try {
      data = event.data ? JSON.parse(event.data) : null;
    } catch {
      // A message that is not JSON still tells us that something of its type changed.
    }
    for (const handler of this.handlers) handler({ type, id: event.lastEventId, data });
  }

  private armStale() {
    if (this.staleTimer !== undefined || this.state_ === 'stale') return;
    this.staleTimer = setTimeout(() => {
      this.staleTimer = undefined;
      this.set('stale');
    }, kStaleMs);
  }

  private set(state: LiveState) {
    if (state === this.state_) return;
    this.state_ = state;
    for (const watcher of this.watchers) watcher();
  }
}

export const live = new LiveFeed();

/** The lamp's state. */
export function useLiveState(): LiveState {
  return useSyncExternalStore(live.watch, live.state);
}

/** Calls `handler` for every live event, and `resync` after a loss that may have hidden some. */
export function useLive(handler: Handler, resync?: () => void) {
  const latest = useRef({ handler, resync });
  latest.current = { handler, resync };
  useEffect(() => {
    const off = live.on((event) => latest.current.handler(event));
    const offResync = live.onResync(() => latest.current.resync?.());
    return () => {
      off();
      offResync();
    };
  }, []);
}
