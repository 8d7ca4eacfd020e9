// The search page's part of the address: the question, the span, the columns, the view.
import { parseScope, rangeMillis, type Scope } from '@/ui/scope.ts';

export type View = 'table' | 'json';
export type EventSearch = Scope & {
  q?: string;
  /** Absolute span; without it the range of the top bar counts back from now. */
  from?: string;
  to?: string;
  view?: View;
  cols?: string;
};

export const kDefaultColumns = [
  'host.name',
  'user.name',
  'source.ip',
  'event.action',
  'event.outcome',
  'message',
];

export function parseEventSearch(search: Record<string, unknown>): EventSearch {
  const out: EventSearch = parseScope(search);
  if (search.q !== undefined && search.q !== null) out.q = String(search.q);
  for (const key of ['from', 'to'] as const) {
    const value = search[key];
    if (typeof value === 'string' && !Number.isNaN(Date.parse(value))) out[key] = value;
  }
  if (search.view === 'json') out.view = 'json';
  if (typeof search.cols === 'string' && search.cols) out.cols = search.cols;
  return out;
}

export function columnsOf(search: EventSearch): string[] {
  return search.cols ? search.cols.split(',').filter(Boolean) : kDefaultColumns;
}

/** The span to ask for: absolute when chosen, else relative to the server's now. */
export function spanOf(search: EventSearch): { from: string; to?: string } {
  if (search.from) return { from: search.from, ...(search.to ? { to: search.to } : {}) };
  return { from: `-${Math.round(rangeMillis(search.range) / 60_000)}m` };
}

/** "22/11/2026 21:59:13" (seconds or the whole time may be missing) in Vietnam time, or null. */
export function parseStamp(text: string): string | null {
  const match =
    /^\s*(\d{1,2})\/(\d{1,2})\/(\d{4})(?:[ ,]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?\s*$/.exec(text);
  if (!match) return null;
  const [, day, month, year, hour = '0', minute = '0', second = '0'] = match;
  const n = (value: string | undefined) => Number(value);
  if (n(month) < 1 || n(month) > 12 || n(hour) > 23 || n(minute) > 59 || n(second) > 59)
    return null;
  const at = new Date(Date.UTC(n(year), n(month) - 1, n(day), n(hour) - 7, n(minute), n(second)));
  const back = new Date(at.getTime() + 7 * 3_600_000);
  if (back.getUTCDate() !== n(day) || back.getUTCMonth() !== n(month) - 1) return null;
  return at.toISOString();
}

/** `column 12` of a refused query, 1-based in code points; null when it names something else. */
export function faultColumn(where: string | undefined): number | null {
  const match = /column (\d+)/.exec(where ?? '');
  return match?.[1] ? Number(match[1]) : null;
}
