// The queue as a flat list of rows, and the small rules of moving and selecting in it.
import type { Alert, Group } from './model.ts';
import type { Row } from './QueueTable.tsx';

/** Sub-rows shown before "see all" is asked for. */
export const kSubRows = 3;

export function flatten(
  groups: Group[],
  open: ReadonlySet<string>,
  all: ReadonlyMap<string, Alert[]>,
): Row[] {
  const rows: Row[] = [];
  for (const group of groups) {
    rows.push({ kind: 'group', id: `g:${group.key}`, group });
    if (!open.has(group.key)) continue;
    const known = all.get(group.key);
    const alerts = known ?? group.newest.slice(0, kSubRows);
    const more = !known && group.count > alerts.length;
    alerts.forEach((alert, at) => {
      const last = !more && at === alerts.length - 1;
      rows.push({ kind: 'alert', id: `a:${alert.id}`, group, alert, last });
    });
    if (more) rows.push({ kind: 'all', id: `m:${group.key}`, group });
  }
  return rows;
}

/** The alert that a row stands for: its own, or the newest of its group. */
export function alertOf(row: Row | undefined): Alert | undefined {
  if (!row) return undefined;
  return row.kind === 'alert' ? row.alert : row.group.newest[0];
}

export function step(active: number, by: number, count: number): number {
  if (count === 0) return -1;
  return Math.min(count - 1, Math.max(0, active + by));
}

/** Adds the rows between two places (or takes one in or out) and answers the new selection. */
export function select(
  rows: Row[],
  selected: ReadonlySet<string>,
  at: number,
  anchor: number,
  range: boolean,
): Set<string> {
  const next = new Set(selected);
  const usable = (row: Row | undefined): row is Row => row !== undefined && row.kind !== 'all';
  if (range && anchor >= 0) {
    for (let i = Math.min(at, anchor); i <= Math.max(at, anchor); i += 1) {
      const row = rows[i];
      if (usable(row)) next.add(row.id);
    }
    return next;
  }
  const row = rows[at];
  if (!usable(row)) return next;
  if (next.has(row.id)) next.delete(row.id);
  else next.add(row.id);
  return next;
}

/** What a selection means: whole groups, and single alerts of groups that are not selected whole. */
export function chosen(
  rows: Row[],
  selected: ReadonlySet<string>,
): { groups: Group[]; alerts: Alert[] } {
  const groups: Group[] = [];
  const alerts: Alert[] = [];
  for (const row of rows) {
    if (!selected.has(row.id)) continue;
    if (row.kind === 'group') groups.push(row.group);
    else if (row.kind === 'alert' && !selected.has(`g:${row.group.key}`)) alerts.push(row.alert);
  }
  return { groups, alerts };
}
