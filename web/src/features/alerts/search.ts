// The queue's part of the address, and the filter that it means to the server.

import { kLevels, type Level } from '@/ui/Severity.tsx';
import { parseScope, type Range, type Scope } from '@/ui/scope.ts';
import type { Status } from './model.ts';

export const kTabs = ['open', 'mine', 'critical', 'overdue', 'drill', 'closed'] as const;
export type Tab = (typeof kTabs)[number];
export const kSorts = ['due', 'newest', 'level', 'count'] as const;
export type Sort = (typeof kSorts)[number];

export type QueueSearch = Scope & {
  tab?: Tab;
  /** This level and above. */
  level?: Level;
  status?: Status;
  rule?: string;
  q?: string;
  sort?: Sort;
  /** Id of the alert that the peek panel shows. */
  peek?: string;
};

export function parseQueueSearch(search: Record<string, unknown>): QueueSearch {
  const out: QueueSearch = parseScope(search);
  if (kTabs.includes(search.tab as Tab) && search.tab !== 'open') out.tab = search.tab as Tab;
  if (kLevels.includes(search.level as Level) && search.level !== 'info') {
    out.level = search.level as Level;
  }
  if (['new', 'acknowledged', 'closed'].includes(search.status as string)) {
    out.status = search.status as Status;
  }
  if (kSorts.includes(search.sort as Sort) && search.sort !== 'due') out.sort = search.sort as Sort;
  for (const key of ['rule', 'q', 'peek'] as const) {
    const value = search[key];
    if (typeof value === 'string' && value) out[key] = value;
    else if (typeof value === 'number') out[key] = String(value);
  }
  return out;
}

const kServerLevels = ['informational', 'low', 'medium', 'high', 'critical'];

export function levelsFrom(level: Level): string {
  return kServerLevels.slice(kLevels.indexOf(level)).reverse().join(',');
}

export type AlertFilter = {
  status?: string;
  level?: string;
  unit?: string;
  rule?: string;
  assignee?: string;
  overdue?: boolean;
  drill?: 'true' | 'false' | 'any';
  q?: string;
  from?: string;
};

const kRelative: Record<Range, string> = {
  '15m': '-15m',
  '1h': '-1h',
  '4h': '-4h',
  '24h': '-24h',
  '7d': '-7d',
  '30d': '-30d',
};

export function filterOf(search: QueueSearch): AlertFilter {
  const filter: AlertFilter = { status: 'open' };
  switch (search.tab) {
    case 'mine':
      filter.assignee = 'me';
      break;
    case 'critical':
      filter.level = 'critical';
      filter.status = 'new';
      break;
    case 'overdue':
      filter.overdue = true;
      break;
    case 'drill':
      filter.drill = 'true';
      break;
    case 'closed':
      filter.status = 'closed';
      filter.drill = 'any';
      break;
  }
  if (search.level && search.tab !== 'critical') filter.level = levelsFrom(search.level);
  if (search.status) filter.status = search.status;
  if (search.rule) filter.rule = search.rule;
  if (search.q) filter.q = search.q;
  if (search.unit) filter.unit = search.unit;
  if (search.range) filter.from = kRelative[search.range];
  return filter;
}

/** Whether the user has narrowed the tab; then an empty list says so and offers to clear it. */
export function isNarrowed(search: QueueSearch): boolean {
  return Boolean(
    search.level || search.status || search.rule || search.q || search.unit || search.range,
  );
}
