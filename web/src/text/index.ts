// Words of the console, Vietnamese first. Keys are typed from vi.ts; en.ts must have exactly the
// same keys, or the build fails.
import i18next, { type TOptions } from 'i18next';
import { initReactI18next, useTranslation } from 'react-i18next';
import { en } from './en.ts';
import { type TextKey, vi } from './vi.ts';

export type Language = 'vi' | 'en';
export type { TextKey };
export type Translate = (key: TextKey, values?: TOptions) => string;

const kKey = 'gac.lang';

function saved(): Language {
  try {
    return localStorage.getItem(kKey) === 'en' ? 'en' : 'vi';
  } catch {
    return 'vi';
  }
}

void i18next.use(initReactI18next).init({
  lng: saved(),
  fallbackLng: 'vi',
  resources: { vi: { translation: vi }, en: { translation: en } },
  keySeparator: false,
  nsSeparator: false,
  interpolation: { escapeValue: false },
  initAsync: false,
});

export const t: Translate = (key, values) => i18next.t(key, values ?? {}) as string;

export function language(): Language {
  return i18next.language === 'en' ? 'en' : 'vi';
}

export function setLanguage(next: Language) {
  try {
    localStorage.setItem(kKey, next);
  } catch {
    // The choice then lasts for this visit only.
  }
  document.documentElement.lang = next;
  void i18next.changeLanguage(next);
}

/** Redraws the component when the language changes. */
export function useText(): { t: Translate; language: Language } {
  const { i18n } = useTranslation();
  return { t, language: i18n.language === 'en' ? 'en' : 'vi' };
}
