import { useQueryClient } from '@tanstack/react-query';
import { Outlet, useLocation, useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { live, useLive, useLiveState } from '@/api/live.ts';
import { fromFreeText } from '@/api/query.ts';
import { type Session, signOut, useMay, useSession } from '@/api/session.ts';
import { type AccountDialog, AccountDialogs } from '@/app/AccountDialogs.tsx';
import { type Command, CommandMenu } from '@/app/CommandMenu.tsx';
import { useNavFigures, useUnits } from '@/app/frameQueries.ts';
import { KeyHelp } from '@/app/KeyHelp.tsx';
import { kPlaces, Nav } from '@/app/Nav.tsx';
import { TopBar } from '@/app/TopBar.tsx';
import { setLanguage, type TextKey, useText } from '@/text/index.ts';
import { ErrorBoundary } from '@/ui/ErrorBoundary.tsx';
import { time } from '@/ui/format.ts';
import { kIcon, WarnIcon } from '@/ui/icons.ts';
import { useKeys } from '@/ui/keys.ts';
import { setPref, usePref } from '@/ui/prefs.ts';
import { parseScope, type Scope, stepRange } from '@/ui/scope.ts';
import { Empty } from '@/ui/states.tsx';
import { setThemeChoice, useTheme } from '@/ui/theme.ts';
import './shell.css';

const kLiveTypes = ['alert', 'counts', 'source', 'rule', 'resync'];
const kRoleKeys: Record<Session['role'], TextKey> = {
  admin: 'role.admin',
  coordinator: 'role.coordinator',
  analyst: 'role.analyst',
  unit_officer: 'role.unit_officer',
  operator_desk: 'role.operator_desk',
  auditor: 'role.auditor',
};
/** These two start as rail, because their tables need the width. */
const kRailFirst = /^\/(alerts|search)/;

/** Title, nav, top bar and what is open over them; the screens are drawn inside. */
export function Shell() {
  const { t, language } = useText();
  const client = useQueryClient();
  const session = useSession();
  const may = useMay();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const scope = parseScope(useSearch({ strict: false }) as Record<string, unknown>);
  const theme = useTheme();
  const [open, setOpen] = useState<'palette' | 'keys' | AccountDialog | null>(null);
  const foldPref = usePref('nav');
  const rail = foldPref === null ? kRailFirst.test(pathname) : foldPref === 'rail';
  const units = useUnits();
  const figures = useNavFigures(scope.unit);

  useEffect(() => {
    live.start('/api/v1/live', kLiveTypes);
  }, []);
  useLive(
    (event) => {
      if (event.type === 'source') {
        void client.invalidateQueries({ queryKey: ['sources'] });
        void client.invalidateQueries({ queryKey: ['alerts', 'counts'] });
      } else if (event.type === 'rule') {
        void client.invalidateQueries({ queryKey: ['rules'] });
      } else if (event.type === 'alert' || event.type === 'resync') {
        void client.invalidateQueries({ queryKey: ['alerts', 'counts'], refetchType: 'none' });
      }
    },
    () => void client.invalidateQueries(),
  );

  const criticalNew = figures.data?.critical_unacknowledged ?? 0;
  const place = kPlaces.find((each) =>
    each.to === '/' ? pathname === '/' : pathname.startsWith(each.to),
  );
  useEffect(() => {
    const name = place ? t(place.label) : 'Gác';
    document.title = `${criticalNew > 0 ? `(${criticalNew}) ` : ''}${name} · Gác`;
    document.documentElement.lang = language;
  }, [place, criticalNew, t, language]);

  const setScope = (next: Scope) =>
    void navigate({ to: '.', search: (old: Scope) => ({ ...old, ...next }) as never });
  const searchFor = (text: string) =>
    void navigate({ to: '/search', search: { q: fromFreeText(text) } });

  const places = kPlaces.filter((each) => may(each.right));
  const go = t('keys.groupGo');
  useKeys([
    ...places.map((each) => ({
      key: each.key,
      label: t(each.keyLabel),
      group: go,
      run: () => void navigate({ to: each.to }),
    })),
    {
      key: 'Ctrl+k',
      label: t('keys.palette'),
      group: go,
      inField: true,
      run: () => setOpen('palette'),
    },
    { key: '?', label: t('keys.help'), group: go, run: () => setOpen('keys') },
    {
      key: '[',
      label: t('keys.wider'),
      group: t('keys.groupView'),
      run: () => setScope({ range: stepRange(scope.range, 1) }),
    },
    {
      key: ']',
      label: t('keys.narrower'),
      group: t('keys.groupView'),
      run: () => setScope({ range: stepRange(scope.range, -1) }),
    },
  ]);

  const commands = useMemo<Command[]>(
    () => [
      ...places.map((each) => ({
        label: t('palette.go', { place: t(each.label) }),
        hint: each.key.toUpperCase(),
        run: () => void navigate({ to: each.to }),
      })),
      {
        label: t('palette.theme'),
        run: () => setThemeChoice(theme === 'dark' ? 'light' : 'dark'),
      },
      { label: t('palette.language'), run: () => setLanguage(language === 'vi' ? 'en' : 'vi') },
      { label: t('keys.help'), hint: '?', run: () => setOpen('keys') },
      { label: t('password.title'), run: () => setOpen('password') },
      { label: t('totp.title'), run: () => setOpen('totp') },
      { label: t('top.signOut'), run: () => void signOut(client) },
    ],
    [places, t, navigate, theme, language, client],
  );

  const user = session.data;
  if (!user) return null;
  const denied = place !== undefined && !may(place.right);
  return (
    <div className={rail ? 'shell rail' : 'shell'}>
      <a className="skip" href="#main">
        {t('nav.skip')}
      </a>
      <Nav
        rail={rail}
        path={pathname}
        may={may}
        figures={{
          ...(figures.data
            ? {
                open: figures.data.open_groups ?? figures.data.open,
                criticalNew,
                silent: figures.data.silent_sources ?? 0,
              }
            : {}),
        }}
        onFold={() => setPref('nav', rail ? 'wide' : 'rail')}
      />
      <TopBar
        scope={scope}
        units={units.data?.units ?? []}
        ranged={/^\/(search|alerts$)/.test(pathname)}
        anyTime={pathname === '/alerts'}
        scoped={!/^\/(search|rules)/.test(pathname)}
        user={{ name: user.user.display_name || user.user.name, role: t(kRoleKeys[user.role]) }}
        onScope={setScope}
        onSearch={may('events_search') ? searchFor : undefined}
        onLanguage={setLanguage}
        onKeys={() => setOpen('keys')}
        onAccount={setOpen}
        onSignOut={() => void signOut(client)}
      />
      <main id="main" tabIndex={-1}>
        <StaleBanner />
        <ErrorBoundary key={pathname}>
          {denied ? (
            <Empty kind="nothing" title={t('state.denied')} detail={t('state.noSuchRight')} />
          ) : (
            <Outlet />
          )}
        </ErrorBoundary>
      </main>
      <CommandMenu
        opened={open === 'palette'}
        onClose={() => setOpen(null)}
        commands={commands}
        onSearch={searchFor}
      />
      <KeyHelp opened={open === 'keys'} onClose={() => setOpen(null)} />
      <AccountDialogs
        open={open === 'password' || open === 'totp' ? open : null}
        totp={user.totp ?? false}
        onClose={() => setOpen(null)}
      />
    </div>
  );
}

/** Laid over the page, so that losing the connection moves nothing. */
function StaleBanner() {
  const { t } = useText();
  const state = useLiveState();
  const [since, setSince] = useState(0);
  useEffect(() => {
    if (state === 'stale') setSince((old) => old || Date.now() - 10_000);
    else if (state === 'live') setSince(0);
  }, [state]);
  if (state !== 'stale') return null;
  return (
    <div className="banner" role="alert">
      <WarnIcon {...kIcon} />
      <span>{t('lamp.staleBanner', { time: time(since || Date.now()) })}</span>
    </div>
  );
}
