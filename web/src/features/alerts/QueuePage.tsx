// The queue: group first, then drill; detail beside the list; new rows wait; after an action the next
// row is chosen. Filters are the address, so a link is the same queue.
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useMay } from '@/api/session.ts';
import { type TextKey, useText } from '@/text/index.ts';
import { Ring } from '@/ui/Deadline.tsx';
import { dateTime, number, time } from '@/ui/format.ts';
import { kIcon, RowsIcon, SilentIcon, UpIcon } from '@/ui/icons.ts';
import { type Binding, useKeys } from '@/ui/keys.ts';
import { Button, IconButton, Kbd, Stamp } from '@/ui/parts.tsx';
import { setPref, usePref } from '@/ui/prefs.ts';
import { Empty, Failed, SkeletonRows } from '@/ui/states.tsx';
import { useNarrow } from '@/ui/useNarrow.ts';
import { useStableList } from '@/ui/useStableList.ts';
import { AlertPeek } from './AlertPeek.tsx';
import '@/ui/record.css';
import './alerts.css';
import { useActions } from './actions.tsx';
import { GroupAlerts } from './GroupAlerts.tsx';
import { type Alert, type Group, ruleTitle } from './model.ts';
import { chipsOf, QueueFilters } from './QueueFilters.tsx';
import { QueueTable } from './QueueTable.tsx';
import { type Target, useAlertFeed, useCounts, useGroups, useSourcesTotal } from './queries.ts';
import { alertOf, chosen, flatten, select, step } from './rows.ts';
import { filterOf, isNarrowed, kTabs, type QueueSearch, type Tab } from './search.ts';

const kTabKeys: Record<Tab, TextKey> = {
  open: 'queue.tab.open',
  mine: 'queue.tab.mine',
  critical: 'queue.tab.critical',
  overdue: 'queue.tab.overdue',
  drill: 'queue.tab.drill',
  closed: 'queue.tab.closed',
};

const kEmptyKeys: Record<Tab, TextKey> = {
  open: 'queue.empty.open',
  mine: 'queue.empty.mine',
  critical: 'queue.empty.critical',
  overdue: 'queue.empty.overdue',
  drill: 'queue.empty.drill',
  closed: 'queue.empty.closed',
};

const groupKey = (group: Group) => group.key;
const kNothing: ReadonlySet<string> = new Set();

export function QueuePage() {
  const { t, language } = useText();
  const search = useSearch({ from: '/frame/alerts' });
  const navigate = useNavigate({ from: '/alerts' });
  const narrow = useNarrow();
  const may = useMay();
  const dense = usePref('density') === 'dense';
  const tab = search.tab ?? 'open';
  const sort = search.sort ?? 'due';
  const { peek, ...asked } = search;
  const scope = JSON.stringify(asked);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the scope is the search without its peek
  const filter = useMemo(() => filterOf(search), [scope]);

  const groups = useGroups(filter, sort);
  const counts = useCounts(search.unit);
  useAlertFeed();
  const fresh = groups.isPlaceholderData ? undefined : groups.data?.groups;
  const list = useStableList(fresh, groupKey, scope);
  const shown = groups.isPlaceholderData ? (groups.data?.groups ?? []) : list.rows;

  const [open, setOpen] = useState<ReadonlySet<string>>(kNothing);
  const [wantAll, setWantAll] = useState<ReadonlySet<string>>(kNothing);
  const [all, setAll] = useState<ReadonlyMap<string, Alert[]>>(new Map());
  const [selected, setSelected] = useState<ReadonlySet<string>>(kNothing);
  const [activeId, setActiveId] = useState<string | null>(null);
  const anchor = useRef(-1);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another question, another selection
  useEffect(() => {
    setSelected(kNothing);
    anchor.current = -1;
  }, [scope]);

  const rows = useMemo(() => flatten(shown, open, all), [shown, open, all]);
  // The active row is known by name, so that it stays the same row when others leave; when it leaves
  // itself, the row that took its place is next.
  const lastAt = useRef(0);
  const found = rows.findIndex((row) => row.id === activeId);
  const fromPeek = rows.findIndex((row) => peek !== undefined && alertOf(row)?.id === peek);
  const active =
    found >= 0
      ? found
      : activeId === null
        ? fromPeek
        : rows.length > 0
          ? Math.min(lastAt.current, rows.length - 1)
          : -1;
  if (active >= 0) lastAt.current = active;
  const row = rows[active];

  const change = useCallback(
    (next: Partial<QueueSearch>, replace = false) =>
      void navigate({ search: (old) => ({ ...old, ...next }), replace }),
    [navigate],
  );

  const goTo = (at: number, withPeek: boolean) => {
    const next = rows[at];
    if (!next) return;
    setActiveId(next.id);
    const alert = alertOf(next);
    if (withPeek && alert) change({ peek: alert.id }, peek !== undefined);
  };
  const move = (by: 1 | -1) => goTo(step(active, by, rows.length), peek !== undefined);

  const openPeek = (at: number) => {
    const target = rows[at];
    if (target?.kind === 'all') {
      setWantAll(new Set([...wantAll, target.group.key]));
      return;
    }
    goTo(at, true);
  };
  const openPage = () => {
    const alert = alertOf(row);
    if (row?.kind === 'all') openPeek(active);
    else if (alert) void navigate({ to: '/alerts/$id', params: { id: alert.id } });
  };
  const toggle = useCallback(
    (group: Group) =>
      setOpen((old) => {
        const next = new Set(old);
        if (!next.delete(group.key)) next.add(group.key);
        return next;
      }),
    [],
  );

  const actions = useActions({
    onDone: () => {
      const many = selected.size > 0;
      setSelected(kNothing);
      if (!many && active < rows.length - 1) goTo(active + 1, peek !== undefined);
    },
    onUndone: () => list.release(),
  });

  const selection = useMemo(() => chosen(rows, selected), [rows, selected]);
  const selectedAlerts =
    selection.alerts.length + selection.groups.reduce((sum, group) => sum + group.count, 0);

  /** What an action key means now: the selection, else the alert in the peek, else the active row. */
  const target = (): Target | null => {
    if (selected.size > 0) return { kind: 'many', ...selection, filter };
    if (row?.kind === 'alert') return { kind: 'one', alert: row.alert };
    if (row?.kind !== 'group') return null;
    const newest = row.group.newest[0];
    if ((peek !== undefined || row.group.count === 1) && newest) {
      return { kind: 'one', alert: newest };
    }
    return { kind: 'many', groups: [row.group], alerts: [], filter };
  };
  const withTarget = (run: (target: Target) => void) => () => {
    const found = target();
    if (found && may('alerts_handle')) run(found);
  };
  const acknowledgeGroup = (group: Group) =>
    actions.acknowledge({ kind: 'many', groups: [group], alerts: [], filter });

  const listKeys = t('keys.groupList');
  const actKeys = t('keys.groupAct');
  const bind = (key: string, label: string, group: string, run: () => void): Binding => ({
    key,
    label,
    group,
    run,
  });
  useKeys([
    bind('j', t('keys.next'), listKeys, () => move(1)),
    bind('k', t('keys.previous'), listKeys, () => move(-1)),
    bind('ArrowDown', '', listKeys, () => move(1)),
    bind('ArrowUp', '', listKeys, () => move(-1)),
    bind('Space', t('keys.peek'), listKeys, () =>
      peek === undefined ? openPeek(Math.max(0, active)) : change({ peek: undefined }),
    ),
    bind('Enter', t('keys.open'), listKeys, openPage),
    bind('o', t('keys.expand'), listKeys, () => row?.kind === 'group' && toggle(row.group)),
    bind('x', t('keys.select'), listKeys, () => {
      setSelected(select(rows, selected, active, anchor.current, false));
      anchor.current = active;
    }),
    bind('Shift+x', t('keys.selectRange'), listKeys, () =>
      setSelected(select(rows, selected, active, anchor.current, true)),
    ),
    bind('a', t('keys.acknowledge'), actKeys, withTarget(actions.acknowledge)),
    bind('Shift+a', t('act.acknowledge'), actKeys, () => {
      if (row && may('alerts_handle')) acknowledgeGroup(row.group);
    }),
    bind('i', t('keys.assignMe'), actKeys, withTarget(actions.assignMe)),
    bind('Shift+i', t('keys.assignOther'), actKeys, withTarget(actions.assign)),
    bind('e', t('keys.closeAlert'), actKeys, withTarget(actions.close)),
    bind('r', t('keys.loadNew'), listKeys, () => list.release()),
    {
      key: 'Escape',
      label: t('keys.escape'),
      group: listKeys,
      run: () => (peek !== undefined ? change({ peek: undefined }) : setSelected(kNothing)),
    },
  ]);

  const chips = chipsOf(
    search,
    t,
    search.rule ? shown.map((group) => ruleTitle(group, language))[0] : undefined,
  );
  const waiting = list.waiting.reduce((sum, group) => sum + group.count, 0);
  const total = groups.data
    ? [
        t('queue.total', {
          groups: number(groups.data.total_groups),
          alerts: number(groups.data.total_alerts),
        }),
        groups.data.total_groups > groups.data.groups.length
          ? t('queue.shownPart', { n: number(groups.data.groups.length) })
          : '',
      ]
        .filter(Boolean)
        .join(', ')
    : '';
  const tabCount = (which: Tab): number | undefined => {
    const c = counts.data;
    if (!c) return undefined;
    if (which === 'open') return c.open_groups ?? c.open;
    if (which === 'critical') return c.critical_unacknowledged;
    return which === 'closed' ? undefined : c[which];
  };
  const peekRow = peek !== undefined && alertOf(row)?.id === peek ? row : undefined;

  return (
    <div className={peek === undefined ? 'queue' : 'queue peeking'}>
      <section className="queue-list" aria-label={t('queue.title')}>
        <div className="queue-title">
          <h1>{t('queue.title')}</h1>
          <div className="tools">
            <span className="sr" role="status">
              {waiting > 0 ? t('queue.live', { n: number(waiting) }) : ''}
            </span>
            {waiting > 0 && (
              <Button
                size="mid"
                className="quiet-accent"
                style={{ color: 'var(--accent)', background: 'transparent' }}
                onClick={() => list.release()}
              >
                <UpIcon size={14} stroke={1.6} aria-hidden />
                {t('queue.new', { n: number(waiting) })}
                <Kbd>R</Kbd>
              </Button>
            )}
            <IconButton
              label={t('queue.density')}
              aria-pressed={dense}
              onClick={() => setPref('density', dense ? 'normal' : 'dense')}
            >
              <RowsIcon {...kIcon} />
            </IconButton>
          </div>
        </div>
        <div className="queue-tabs tabs" role="tablist" aria-label={t('queue.tabs')}>
          {kTabs.map((each) => {
            const n = tabCount(each);
            const alarming = (each === 'critical' || each === 'overdue') && (n ?? 0) > 0;
            return (
              <button
                key={each}
                type="button"
                role="tab"
                aria-selected={each === tab}
                className="tab"
                onClick={() =>
                  change({
                    tab: each === 'open' ? undefined : each,
                    peek: undefined,
                    status: undefined,
                  })
                }
              >
                {t(kTabKeys[each])}
                {n !== undefined && (
                  <span className={alarming ? 'num c-critical' : 'num'}>{number(n)}</span>
                )}
              </button>
            );
          })}
        </div>
        <QueueFilters
          search={search}
          chips={chips}
          total={total}
          onChange={(next) => change({ ...next, peek: undefined })}
        />
        {groups.isPending ? (
          <SkeletonRows columns="16px 116px minmax(0,1fr) 132px 36px 48px 64px 98px" rows={14} />
        ) : groups.isError && shown.length === 0 ? (
          <Failed
            what={t('queue.failed')}
            error={groups.error}
            retry={() => void groups.refetch()}
            unaffected={t('queue.failedRest')}
          />
        ) : rows.length === 0 ? (
          <EmptyQueue
            tab={tab}
            narrowed={isNarrowed(search)}
            filters={chips.map((chip) => `${chip.name} ${chip.value}`).join(', ')}
            drill={counts.data?.drill ?? 0}
            onClear={() => void navigate({ search: tab === 'open' ? {} : { tab } })}
            onDrill={() => change({ tab: 'drill' })}
          />
        ) : (
          <QueueTable
            rows={rows}
            active={active}
            open={open}
            selected={selected}
            sort={sort}
            dense={dense}
            narrow={narrow}
            onActivate={(at) => setActiveId(rows[at]?.id ?? null)}
            onPeek={openPeek}
            onToggle={toggle}
            onSelect={(at, range) => {
              setSelected(select(rows, selected, at, anchor.current, range));
              anchor.current = at;
            }}
            onSelectAll={(on) =>
              setSelected(
                on
                  ? new Set(rows.filter((each) => each.kind === 'group').map((each) => each.id))
                  : kNothing,
              )
            }
            onSort={(by) => change({ sort: by === 'due' ? undefined : by })}
          />
        )}
        {[...wantAll]
          .filter((key) => open.has(key))
          .map((key) => {
            const group = shown.find((each) => each.key === key);
            return (
              group && (
                <GroupAlerts
                  key={key}
                  group={group}
                  filter={filter}
                  onAlerts={(alerts) => setAll((old) => new Map(old).set(key, alerts))}
                />
              )
            );
          })}
        {selected.size > 0 ? (
          <div
            className="strip bulk"
            role="toolbar"
            aria-label={t('queue.selected', {
              groups: number(selected.size),
              alerts: number(selectedAlerts),
            })}
          >
            <span className="strong num">
              {t('queue.selected', {
                groups: number(selected.size),
                alerts: number(selectedAlerts),
              })}
            </span>
            <span className="last" style={{ gap: 8 }}>
              {may('alerts_handle') && (
                <>
                  <Button
                    size="small"
                    look="primary"
                    shortcut="A"
                    disabled={actions.busy}
                    onClick={withTarget(actions.acknowledge)}
                  >
                    {t('act.acknowledge')}
                  </Button>
                  <Button
                    size="small"
                    shortcut="I"
                    disabled={actions.busy}
                    onClick={withTarget(actions.assign)}
                  >
                    {t('act.assign')}
                  </Button>
                  <Button
                    size="small"
                    shortcut="E"
                    disabled={actions.busy}
                    onClick={withTarget(actions.close)}
                  >
                    {t('act.close')}
                  </Button>
                </>
              )}
              <Button size="small" look="quiet" onClick={() => setSelected(kNothing)}>
                {t('queue.clearSelection')}
              </Button>
            </span>
          </div>
        ) : (
          <div className="strip">
            {(counts.data?.overdue ?? 0) > 0 && (
              <button
                type="button"
                className="c-critical"
                onClick={() => change({ tab: 'overdue' })}
              >
                <Ring share={1} state="over" />
                {t('queue.stripOverdue', { n: number(counts.data?.overdue) })}
              </button>
            )}
            {(counts.data?.silent_sources ?? 0) > 0 && (
              <button
                type="button"
                className="c-high"
                onClick={() => void navigate({ to: '/sources' })}
              >
                <SilentIcon {...kIcon} />
                {t('queue.stripSilent', { n: number(counts.data?.silent_sources) })}
              </button>
            )}
            {groups.data && (
              <Stamp at={groups.data.as_of} className="last num">
                {t('queue.asOf', {
                  time: language === 'vi' ? time(groups.data.as_of) : dateTime(groups.data.as_of),
                })}
              </Stamp>
            )}
          </div>
        )}
      </section>
      {peek !== undefined && (
        <AlertPeek
          id={peek}
          at={peekRow ? active : -1}
          of={rows.length}
          group={peekRow?.kind === 'group' ? peekRow.group : undefined}
          actions={actions}
          onStep={move}
          onClose={() => change({ peek: undefined })}
          onAcknowledgeGroup={acknowledgeGroup}
        />
      )}
      {actions.dialogs}
    </div>
  );
}

function EmptyQueue({
  tab,
  narrowed,
  filters,
  drill,
  onClear,
  onDrill,
}: {
  tab: Tab;
  narrowed: boolean;
  filters: string;
  drill: number;
  onClear: () => void;
  onDrill: () => void;
}) {
  const { t } = useText();
  const navigate = useNavigate();
  const sources = useSourcesTotal();
  if (narrowed) {
    return (
      <Empty
        kind="filtered"
        title={t('queue.empty.filtered')}
        detail={filters ? t('queue.empty.filteredBy', { filters }) : undefined}
        action={{ label: t('action.clearFilter'), run: onClear }}
      />
    );
  }
  if (tab === 'open' && drill > 0) {
    return (
      <Empty
        kind="nothing"
        title={t(kEmptyKeys[tab])}
        detail={t('queue.empty.drillRuns', { n: number(drill) })}
        action={{ label: t('queue.empty.toDrill'), run: onDrill }}
      />
    );
  }
  if (tab === 'open' && sources.data === 0) {
    return (
      <Empty
        kind="noData"
        title={t('queue.empty.noSources')}
        action={{ label: t('queue.empty.toSources'), run: () => void navigate({ to: '/sources' }) }}
      />
    );
  }
  return <Empty kind="nothing" title={t(kEmptyKeys[tab])} detail={t('queue.empty.detail')} />;
}
