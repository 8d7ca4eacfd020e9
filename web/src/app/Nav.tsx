import { Link } from '@tanstack/react-router';
import type { ComponentType } from 'react';
import type { Right } from '@/api/session.ts';
import { type TextKey, useText } from '@/text/index.ts';
import { number } from '@/ui/format.ts';
import {
  DeskIcon,
  kIcon,
  kRailIcon,
  QueueIcon,
  RulesIcon,
  SearchIcon,
  SidebarIcon,
  SilentIcon,
  SourcesIcon,
} from '@/ui/icons.ts';
import { Mark } from '@/ui/Mark.tsx';
import { IconButton } from '@/ui/parts.tsx';
import { Shape } from '@/ui/Severity.tsx';
import { useNarrow } from '@/ui/useNarrow.ts';

export type NavFigures = { open?: number; criticalNew?: number; silent?: number };

type Place = '/' | '/alerts' | '/search' | '/sources' | '/rules';
type Item = {
  to: Place;
  label: TextKey;
  /** On a phone five names share the width. */
  short: TextKey;
  Icon: ComponentType<{ size?: number; stroke?: number }>;
  right: Right;
  key: string;
  keyLabel: TextKey;
};

const kGroups: { label: TextKey; items: Item[] }[] = [
  {
    label: 'nav.watch',
    items: [
      {
        to: '/',
        label: 'nav.desk',
        short: 'nav.desk',
        Icon: DeskIcon,
        right: 'alerts_view',
        key: 'g d',
        keyLabel: 'keys.desk',
      },
      {
        to: '/alerts',
        label: 'nav.queue',
        short: 'nav.queue',
        Icon: QueueIcon,
        right: 'alerts_view',
        key: 'g t',
        keyLabel: 'keys.queue',
      },
    ],
  },
  {
    label: 'nav.hunt',
    items: [
      {
        to: '/search',
        label: 'nav.search',
        short: 'nav.short.search',
        Icon: SearchIcon,
        right: 'events_search',
        key: 'g s',
        keyLabel: 'keys.events',
      },
    ],
  },
  {
    label: 'nav.admin',
    items: [
      {
        to: '/sources',
        label: 'nav.sources',
        short: 'nav.short.sources',
        Icon: SourcesIcon,
        right: 'sources_view',
        key: 'g n',
        keyLabel: 'keys.sources',
      },
      {
        to: '/rules',
        label: 'nav.rules',
        short: 'nav.short.rules',
        Icon: RulesIcon,
        right: 'rules_view',
        key: 'g r',
        keyLabel: 'keys.rules',
      },
    ],
  },
];

/** Every place one can go to, in the order of the navigation. */
export const kPlaces = kGroups.flatMap((group) => group.items);

export function Nav({
  rail,
  path,
  figures,
  may,
  onFold,
}: {
  rail: boolean;
  path: string;
  figures: NavFigures;
  may: (right: Right) => boolean;
  onFold: () => void;
}) {
  const { t } = useText();
  return (
    <nav className="nav" aria-label={t('nav.label')}>
      <Link to="/" className="home" aria-label={rail ? t('nav.home') : undefined}>
        <Mark size={rail ? 26 : 24} />
        {!rail && <span>Gác</span>}
      </Link>
      {kGroups.map((group) => {
        const items = group.items.filter((item) => may(item.right));
        if (items.length === 0) return null;
        return (
          <NavGroup key={group.label} label={t(group.label)} rail={rail}>
            {items.map((item) => (
              <NavItem key={item.to} item={item} rail={rail} path={path} figures={figures} />
            ))}
          </NavGroup>
        );
      })}
      <div className="fold">
        <IconButton label={rail ? t('nav.unfold') : t('nav.fold')} onClick={onFold}>
          <SidebarIcon {...kIcon} />
        </IconButton>
      </div>
    </nav>
  );
}

function NavGroup({
  label,
  rail,
  children,
}: {
  label: string;
  rail: boolean;
  children: React.ReactNode;
}) {
  return (
    <>
      {!rail && (
        <p className="group" aria-hidden="true">
          {label}
        </p>
      )}
      <ul aria-label={label}>{children}</ul>
    </>
  );
}

function NavItem({
  item,
  rail,
  path,
  figures,
}: {
  item: Item;
  rail: boolean;
  path: string;
  figures: NavFigures;
}) {
  const { t } = useText();
  const narrow = useNarrow();
  const on = item.to === '/' ? path === '/' : path.startsWith(item.to);
  const critical = item.to === '/alerts' ? (figures.criticalNew ?? 0) : 0;
  const silent = item.to === '/sources' ? (figures.silent ?? 0) : 0;
  const total = item.to === '/alerts' ? figures.open : undefined;
  const said = [
    t(item.label),
    critical > 0 ? t('nav.criticalNew', { n: critical }) : '',
    silent > 0 ? t('nav.silent', { n: silent }) : '',
    total ? t('nav.open', { n: number(total) }) : '',
  ]
    .filter(Boolean)
    .join(', ');
  const { Icon } = item;
  return (
    <li style={{ display: 'contents' }}>
      <Link
        to={item.to}
        className={on ? 'item on' : 'item'}
        aria-current={on ? 'page' : undefined}
        aria-label={said}
        title={rail ? said : undefined}
      >
        <Icon {...(rail ? kRailIcon : kIcon)} />
        {narrow ? <span>{t(item.short)}</span> : !rail && <span>{t(item.label)}</span>}
        {!rail && !narrow && (
          <span className="figures">
            {critical > 0 && (
              <b className="c-critical">
                <Shape level="critical" size={10} />
                {number(critical)}
              </b>
            )}
            {silent > 0 && (
              <b className="c-high">
                <SilentIcon {...kIcon} size={14} />
                {number(silent)}
              </b>
            )}
            {total !== undefined && <span>{number(total)}</span>}
          </span>
        )}
        {(rail || narrow) && (critical > 0 || silent > 0) && (
          <i
            className="dot"
            style={{ background: critical > 0 ? 'var(--critical-fill)' : 'var(--high-fill)' }}
          />
        )}
      </Link>
    </li>
  );
}
