import { useRef } from 'react';
import { type LiveState, useLiveState } from '@/api/live.ts';
import { type Language, type TextKey, useText } from '@/text/index.ts';
import { time, weekdayDate } from '@/ui/format.ts';
import {
  ChevronDownIcon,
  ClockIcon,
  KeyboardIcon,
  KeyIcon,
  kIcon,
  LanguageIcon,
  LockIcon,
  LogoutIcon,
  MoonIcon,
  SearchIcon,
  SunIcon,
  UnitIcon,
  UserIcon,
} from '@/ui/icons.ts';
import { useKeys } from '@/ui/keys.ts';
import { Menu } from '@/ui/Menu.tsx';
import { IconButton, Kbd } from '@/ui/parts.tsx';
import { kDefaultRange, kRanges, type Range, type Scope } from '@/ui/scope.ts';
import { setThemeChoice, useTheme } from '@/ui/theme.ts';
import { useNarrow } from '@/ui/useNarrow.ts';
import { useNow } from '@/ui/useNow.ts';

export const kRangeKeys: Record<Range, TextKey> = {
  '15m': 'range.15m',
  '1h': 'range.1h',
  '4h': 'range.4h',
  '24h': 'range.24h',
  '7d': 'range.7d',
  '30d': 'range.30d',
};

const kLampKeys: Record<LiveState, TextKey> = {
  off: 'lamp.connecting',
  connecting: 'lamp.connecting',
  live: 'lamp.live',
  stale: 'lamp.stale',
};

export function TopBar({
  scope,
  units,
  user,
  ranged,
  anyTime,
  scoped,
  onScope,
  onSearch,
  onLanguage,
  onKeys,
  onAccount,
  onSignOut,
}: {
  scope: Scope;
  units: { id: string; name: string }[];
  user: { name: string; role: string };
  /** Whether this screen looks at a time range, and whether none chosen means all of it. */
  ranged: boolean;
  anyTime: boolean;
  /** Whether this screen can be narrowed to a unit. */
  scoped: boolean;
  onScope: (scope: Scope) => void;
  /** Absent when the user may not search. */
  onSearch: ((text: string) => void) | undefined;
  onLanguage: (language: Language) => void;
  onKeys: () => void;
  onAccount: (what: 'password' | 'totp') => void;
  onSignOut: () => void;
}) {
  const { t, language } = useText();
  const theme = useTheme();
  const narrow = useNarrow();
  const box = useRef<HTMLInputElement>(null);
  useKeys([
    {
      key: '/',
      label: t('keys.search'),
      group: t('keys.groupGo'),
      run: () => {
        box.current?.focus();
        box.current?.select();
      },
    },
  ]);
  const rangeWords =
    anyTime && !scope.range ? t('range.any') : t(kRangeKeys[scope.range ?? kDefaultRange]);
  const unit = units.find((each) => each.id === scope.unit);
  return (
    <header className="top">
      {onSearch && (
        <form
          className="field search"
          role="search"
          onSubmit={(event) => {
            event.preventDefault();
            const text = box.current?.value.trim().normalize('NFC') ?? '';
            if (text) onSearch?.(text);
          }}
        >
          <SearchIcon {...kIcon} />
          <input
            ref={box}
            type="search"
            aria-label={t('top.search')}
            placeholder={t('top.searchHint')}
            autoComplete="off"
            spellCheck={false}
          />
          <Kbd>/</Kbd>
        </form>
      )}
      {ranged && (
        <Menu
          trigger={
            <button
              type="button"
              className="topbtn"
              aria-label={`${t('top.range')}: ${rangeWords}`}
            >
              <ClockIcon {...kIcon} />
              <span className="word">{rangeWords}</span>
              <ChevronDownIcon {...kIcon} size={14} className="caret" />
            </button>
          }
          width={200}
          entries={[
            ...(anyTime
              ? [
                  {
                    label: t('range.any'),
                    chosen: !scope.range,
                    run: () => onScope({ ...scope, range: undefined }),
                  },
                ]
              : []),
            ...kRanges.map((range) => ({
              label: t(kRangeKeys[range]),
              chosen: range === (scope.range ?? (anyTime ? undefined : kDefaultRange)),
              run: () =>
                onScope({
                  ...scope,
                  range: range === kDefaultRange && !anyTime ? undefined : range,
                }),
            })),
          ]}
        />
      )}
      {scoped && units.length > 1 && (
        <Menu
          trigger={
            <button
              type="button"
              className="topbtn"
              aria-label={`${t('top.unit')}: ${unit?.name ?? t('top.allUnits')}`}
            >
              <UnitIcon {...kIcon} />
              <span className="word">{unit?.name ?? t('top.allUnits')}</span>
              <ChevronDownIcon {...kIcon} size={14} className="caret" />
            </button>
          }
          width={280}
          entries={[
            {
              label: t('top.allUnits'),
              chosen: !scope.unit,
              run: () => onScope({ ...scope, unit: undefined }),
            },
            'line',
            ...units.map((each) => ({
              label: each.name,
              chosen: each.id === scope.unit,
              run: () => onScope({ ...scope, unit: each.id }),
            })),
          ]}
        />
      )}
      <div className="right">
        <Menu
          position="bottom-end"
          trigger={
            <button
              type="button"
              className="topbtn"
              aria-label={t('top.account', { name: user.name })}
            >
              <UserIcon {...kIcon} />
              <b className="strong who-name word" style={{ fontWeight: 500 }}>
                {user.name}
              </b>
              <span className="dim who-name word">{user.role}</span>
            </button>
          }
          entries={[
            { heading: `${user.name}, ${user.role}` },
            {
              label: t('top.themeAuto'),
              run: () => setThemeChoice('auto'),
              icon: <MoonIcon {...kIcon} />,
            },
            {
              label: t('password.title'),
              run: () => onAccount('password'),
              icon: <LockIcon {...kIcon} />,
            },
            {
              label: t('totp.title'),
              run: () => onAccount('totp'),
              icon: <KeyIcon {...kIcon} />,
            },
            { label: t('top.keys'), run: onKeys, icon: <KeyboardIcon {...kIcon} />, shortcut: '?' },
            ...(narrow
              ? [
                  {
                    label: theme === 'dark' ? t('top.toLight') : t('top.toDark'),
                    run: () =>
                      setThemeChoice(theme === 'dark' ? ('light' as const) : ('dark' as const)),
                    icon: theme === 'dark' ? <SunIcon {...kIcon} /> : <MoonIcon {...kIcon} />,
                  },
                  {
                    label: t('palette.language'),
                    run: () => onLanguage(language === 'vi' ? 'en' : 'vi'),
                    icon: <LanguageIcon {...kIcon} />,
                  },
                ]
              : []),
            'line' as const,
            { label: t('top.signOut'), run: onSignOut, icon: <LogoutIcon {...kIcon} /> },
          ]}
        />
        <span className="rule" />
        <Clock />
        <span className="rule" />
        <Lamp />
        <IconButton
          label={theme === 'dark' ? t('top.toLight') : t('top.toDark')}
          onClick={() => setThemeChoice(theme === 'dark' ? 'light' : 'dark')}
        >
          {theme === 'dark' ? <MoonIcon {...kIcon} /> : <SunIcon {...kIcon} />}
        </IconButton>
        <button
          type="button"
          className="iconbtn"
          style={{ width: 32, fontSize: 12 }}
          lang={language === 'vi' ? 'en' : 'vi'}
          aria-label={language === 'vi' ? 'VI, switch to English' : 'EN, chuyển sang tiếng Việt'}
          onClick={() => onLanguage(language === 'vi' ? 'en' : 'vi')}
        >
          {language === 'vi' ? 'VI' : 'EN'}
        </button>
      </div>
    </header>
  );
}

function Clock() {
  const { t } = useText();
  const now = useNow();
  return (
    <span className="clock" title={t('top.zone')}>
      <b>{time(now)}</b>
      <span className="date">{weekdayDate(now)}</span>
    </span>
  );
}

function Lamp() {
  const { t } = useText();
  const state = useLiveState();
  return (
    <span className="lamp" data-state={state} role="status" title={t(kLampKeys[state])}>
      <i />
      <span>{t(kLampKeys[state])}</span>
    </span>
  );
}
