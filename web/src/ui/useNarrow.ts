import { useSyncExternalStore } from 'react';

const query = () => window.matchMedia?.('(max-width: 720px)');

/** True on phones: rows are then two lines high and bars are thumb-sized. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const list = query();
      list?.addEventListener('change', listener);
      return () => list?.removeEventListener('change', listener);
    },
    () => query()?.matches ?? false,
  );
}
