// The part of the address that every screen shares: how far back to look, and whose events.
export const kRanges = ['15m', '1h', '4h', '24h', '7d', '30d'] as const;
export type Range = (typeof kRanges)[number];
export type Scope = { range?: Range | undefined; unit?: string | undefined };

export const kDefaultRange: Range = '24h';

const kMillis: Record<Range, number> = {
  '15m': 15 * 60_000,
  '1h': 3_600_000,
  '4h': 4 * 3_600_000,
  '24h': 24 * 3_600_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
};

export function rangeMillis(range: Range | undefined): number {
  return kMillis[range ?? kDefaultRange];
}

export function parseScope(search: Record<string, unknown>): Scope {
  const scope: Scope = {};
  if (kRanges.includes(search.range as Range)) scope.range = search.range as Range;
  if (typeof search.unit === 'string' && search.unit) scope.unit = search.unit;
  return scope;
}

/** One step wider or narrower, for the keys [ and ]. */
export function stepRange(range: Range | undefined, by: 1 | -1): Range {
  const at = kRanges.indexOf(range ?? kDefaultRange) + by;
  return kRanges[Math.min(kRanges.length - 1, Math.max(0, at))] ?? kDefaultRange;
}
