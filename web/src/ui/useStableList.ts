// A list that never moves under the pointer: rows keep the order in which they were accepted, their
// content follows the newest answer, rows that are gone leave, and new rows wait until `release`.
import { useCallback, useMemo, useRef, useState } from 'react';

export type StableList<T> = { rows: T[]; waiting: T[]; release: () => void };

/** Pure part: what is shown and what waits, given the accepted order. */
export function settle<T>(
  fresh: T[],
  key: (row: T) => string,
  accepted: string[],
): { rows: T[]; waiting: T[] } {
  const byKey = new Map(fresh.map((row) => [key(row), row]));
  const known = new Set(accepted);
  return {
    rows: accepted.flatMap((each) => byKey.get(each) ?? []),
    waiting: fresh.filter((row) => !known.has(key(row))),
  };
}

/**
 * `scope` names the question that the list answers (filters, order): when it changes, everything is
 * accepted anew, because the user asked for another list.
 */
export function useStableList<T>(
  fresh: T[] | undefined,
  key: (row: T) => string,
  scope: string,
): StableList<T> {
  const [, redraw] = useState(0);
  const state = useRef<{ scope: string; accepted: string[] | null }>({ scope, accepted: null });
  if (state.current.scope !== scope) state.current = { scope, accepted: null };
  // An empty list has nothing that could jump, so whatever comes is shown at once.
  if (fresh && (state.current.accepted === null || state.current.accepted.length === 0)) {
    state.current.accepted = fresh.map(key);
  }
  const accepted = state.current.accepted ?? [];
  const settled = useMemo(() => settle(fresh ?? [], key, accepted), [fresh, key, accepted]);
  if (fresh && settled.rows.length !== accepted.length) {
    state.current.accepted = settled.rows.map(key);
  }
  const latest = useRef(fresh);
  latest.current = fresh;
  const release = useCallback(() => {
    state.current.accepted = (latest.current ?? []).map(key);
    redraw((n) => n + 1);
  }, [key]);
  return { ...settled, release };
}
