// Small per-browser preferences (navigation width, density, single keys). Never anything secret.
import { useSyncExternalStore } from 'react';

const listeners = new Set<() => void>();

function read(key: string): string | null {
  try {
    return localStorage.getItem(`gac.${key}`);
  } catch {
    return null;
  }
}

export function setPref(key: string, value: string) {
  try {
    localStorage.setItem(`gac.${key}`, value);
  } catch {
    memory.set(key, value);
  }
  for (const listener of listeners) listener();
}

const memory = new Map<string, string>();

export function pref(key: string): string | null {
  return memory.get(key) ?? read(key);
}

export function usePref(key: string): string | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => pref(key),
  );
}
