// The search page's part of the address: the question, the span, the columns, the view, what is open
// beside the list. Whoever gets the address sees the same.
import type { Schemas } from '@/api/client.ts';
import { kRanges, parseScope, type Range, rangeMillis, type Scope } from '@/ui/scope.ts';

export const kViews = ['table', 'json', 'bars', 'lines'] as const;
export type View = (typeof kViews)[number];
export type Saved = Schemas['SavedSearch'];
export type EventSearch = Scope & {
  q?: string;
  /** Absolute span; without it the range of the top bar counts back from now. */
  from?: string;
  to?: string;
  view?: View;
  cols?: string;
  /** The field that the histogram is split by; '-' = by none. */
  split?: string;
  /** The event open beside the list. */
  event?: string;
  /** The entity open beside the list, as `field:value`. */
  entity?: string;
  /** The saved search that this began from. */
  saved?: string;
  /** A hunt: 'new', or the one that is shown. */
  hunt?: string;
  /** How the search was carried out. */
  explain?: true;
};

export const kDefaultColumns = [
  'host.name',
  'user.name',
  'source.ip',
  'event.action',
  'event.outcome',
  'message',
];
export const kDefaultSplit = 'event.outcome';

export function parseEventSearch(search: Record<string, unknown>): EventSearch {
  const out: EventSearch = parseScope(search);
  if (search.q !== undefined && search.q !== null) out.q = String(search.q);
  for (const key of ['from', 'to'] as const) {
    const value = search[key];
    if (typeof value === 'string' && !Number.isNaN(Date.parse(value))) out[key] = value;
  }
  if (search.view !== 'table' && kViews.includes(search.view as View)) {
    out.view = search.view as View;
  }
  for (const key of ['cols', 'split', 'entity', 'saved', 'hunt'] as const) {
    const value = search[key];
    if (typeof value === 'string' && value) out[key] = value;
  }
  // Ids of events are digits: the router reads them back as a number where one fits.
  if (typeof search.event === 'string' || typeof search.event === 'number') {
    if (/^\d{1,20}$/.test(String(search.event))) out.event = String(search.event);
  }
  if (search.explain === true) out.explain = true;
  return out;
}

export function columnsOf(search: EventSearch): string[] {
  return search.cols ? search.cols.split(',').filter(Boolean) : kDefaultColumns;
}

/** How the columns stand in the address: not at all when they are the usual ones. */
export function columnsPart(columns: string[]): string | undefined {
  return columns.join() === kDefaultColumns.join() ? undefined : columns.join();
}

export function splitOf(search: EventSearch): string {
  return search.split === '-' ? '' : (search.split ?? kDefaultSplit);
}

/** The span to ask for: absolute when chosen, else relative to the server's now. */
export function spanOf(search: EventSearch): { from: string; to?: string } {
  if (search.from) return { from: search.from, ...(search.to ? { to: search.to } : {}) };
  return { from: `-${Math.round(rangeMillis(search.range) / 60_000)}m` };
}

/** What of the address is kept under a name. */
export function toSave(search: EventSearch): Schemas['SavedSearchText'] {
  return {
    query: search.q ?? '',
    span: search.from ? null : (search.range ?? '24h'),
    from: search.from ?? null,
    to: search.from ? (search.to ?? null) : null,
    columns: search.cols ? columnsOf(search) : [],
    view: search.view ?? '',
  };
}

/** The address of a saved search. */
export function fromSaved(saved: Saved): EventSearch {
  return parseEventSearch({
    q: saved.query,
    saved: saved.id,
    ...(saved.span && kRanges.includes(saved.span as Range) ? { range: saved.span } : {}),
    ...(saved.from ? { from: saved.from } : {}),
    ...(saved.to ? { to: saved.to } : {}),
    ...(saved.columns?.length ? { cols: saved.columns.join() } : {}),
    ...(saved.view ? { view: saved.view } : {}),
  });
}

/** Whether the page shows the saved search as it was saved. */
export function isAsSaved(search: EventSearch, saved: Saved): boolean {
  const now = toSave(search);
  const then = toSave(fromSaved(saved));
  return JSON.stringify(now) === JSON.stringify(then);
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

const kWidest = 400 * 86_400_000;

/** The same span, twice (or half) as wide around its middle; never beyond now. */
export function widened(from: number, to: number, factor: number, now: number) {
  const half = Math.min(((to - from) / 2) * factor, kWidest / 2);
  const middle = (from + to) / 2;
  const end = Math.min(middle + Math.max(half, 500), Math.max(now, to));
  const start = end - 2 * Math.max(half, 500);
  return { from: new Date(start).toISOString(), to: new Date(end).toISOString() };
}

/** `column 12` of a refused query, 1-based in code points; null when it names something else. */
export function faultColumn(where: string | undefined): number | null {
  const match = /column (\d+)/.exec(where ?? '');
  return match?.[1] ? Number(match[1]) : null;
}
