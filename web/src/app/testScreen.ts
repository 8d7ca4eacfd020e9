// What screens need that a test has not: a layout, and a stream from the server.

class QuietStream extends EventTarget {
  static CLOSED = 2;
  readyState = 1;
  onopen: (() => void) | null = null;
  onerror: (() => void) | null = null;
  close() {
    this.readyState = 2;
  }
}

export function prepareScreen() {
  // Virtual lists ask for sizes.
  for (const name of ['clientHeight', 'clientWidth']) {
    Object.defineProperty(HTMLElement.prototype, name, { configurable: true, value: 800 });
  }
  Object.assign(globalThis, { EventSource: QuietStream });
}
