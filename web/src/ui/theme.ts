// Which theme is shown. 'auto' is dark at night (18:00 to 06:00) or when the system asks for dark.
// public/theme.js makes the same choice before the first paint.
import { useSyncExternalStore } from 'react';

export type ThemeChoice = 'auto' | 'dark' | 'light';
export type Theme = 'dark' | 'light';

const kKey = 'gac.theme';
const listeners = new Set<() => void>();

export function resolveTheme(choice: ThemeChoice, hour: number, systemDark: boolean): Theme {
  if (choice !== 'auto') return choice;
  return hour >= 18 || hour < 6 || systemDark ? 'dark' : 'light';
}

export function themeChoice(): ThemeChoice {
  try {
    const saved = localStorage.getItem(kKey);
    return saved === 'dark' || saved === 'light' ? saved : 'auto';
  } catch {
    return 'auto';
  }
}

function current(): Theme {
  return document.documentElement.getAttribute('data-t') === 'light' ? 'light' : 'dark';
}

export function setThemeChoice(choice: ThemeChoice) {
  try {
    if (choice === 'auto') localStorage.removeItem(kKey);
    else localStorage.setItem(kKey, choice);
  } catch {
    // A browser that forbids storage still gets the theme for this visit.
  }
  applyTheme(choice);
}

export function applyTheme(choice: ThemeChoice = themeChoice()) {
  const system = window.matchMedia?.('(prefers-color-scheme: dark)').matches ?? false;
  const theme = resolveTheme(choice, new Date().getHours(), system);
  const root = document.documentElement;
  if (current() !== theme || !root.hasAttribute('data-t')) {
    root.setAttribute('data-t', theme);
    root.setAttribute('data-mantine-color-scheme', theme);
    root.style.background = theme === 'dark' ? '#0f1418' : '#f6f8f9';
  }
  for (const listener of listeners) listener();
}

export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, current);
}
