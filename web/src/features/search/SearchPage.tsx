// Event search: a question in the address, its answer as rows, a histogram and top values, and from
// every value the way to the next question.
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { ApiError } from '@/api/client.ts';
import { groupBy, narrow } from '@/api/query.ts';
import { useMay } from '@/api/session.ts';
import { useText } from '@/text/index.ts';
import { bytes, number } from '@/ui/format.ts';
import {
  CopyIcon,
  FilterIcon,
  FilterOffIcon,
  GroupIcon,
  kIcon,
  SidebarIcon,
  SilentIcon,
  WarnIcon,
} from '@/ui/icons.ts';
import { useKeys } from '@/ui/keys.ts';
import { type Anchor, PopMenu } from '@/ui/PopMenu.tsx';
import { IconButton } from '@/ui/parts.tsx';
import { setPref, usePref } from '@/ui/prefs.ts';
import { Empty, Failed, SkeletonRows, useDelayed } from '@/ui/states.tsx';
import { copyText } from '@/ui/Value.tsx';
import { columnsOf, type EventSearch, kDefaultColumns } from './address.ts';
import { EventTable } from './EventTable.tsx';
import { FieldList } from './FieldList.tsx';
import { Histogram } from './Histogram.tsx';
import { QueryLine } from './QueryLine.tsx';
import { cancelSearch, useEvents, useFields } from './queries.ts';
import { cellText, type EventRow, fieldsOf, template } from './rows.ts';
import { StatsTable } from './StatsTable.tsx';
import '@/ui/record.css';
import './search.css';

const TryDialog = lazy(() =>
  import('@/shared/explain/TryDialog.tsx').then((room) => ({ default: room.TryDialog })),
);

type Pivot = { anchor: Anchor; field: string; value: string; count: number | undefined };

export function SearchPage() {
  const { t } = useText();
  const search = useSearch({ from: '/frame/search' });
  const navigate = useNavigate({ from: '/search' });
  const [run, setRun] = useState(0);
  const searchId = useRef('');
  if (searchId.current === '') searchId.current = crypto.randomUUID();
  const events = useEvents(search, run, searchId.current, true);
  const fields = useFields();
  const fieldsPref = usePref('fields');
  const wide = window.innerWidth >= 1024;
  const fieldsOpen = fieldsPref === null ? wide : fieldsPref === 'on';
  const may = useMay();
  const [judged, setJudged] = useState('');
  const [pivot, setPivot] = useState<Pivot | null>(null);
  const [active, setActive] = useState(-1);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());

  const change = useCallback(
    (next: Partial<EventSearch>) => void navigate({ search: (old) => ({ ...old, ...next }) }),
    [navigate],
  );
  const ask = (q: string) => {
    setActive(-1);
    setOpen(new Set());
    if (q === (search.q ?? '')) setRun(run + 1);
    else change({ q });
  };

  const pages = events.data?.pages;
  const first = pages?.[0];
  const rows = useMemo(() => (pages?.flatMap((page) => page.rows) ?? []) as EventRow[], [pages]);
  const seen = useMemo(() => fieldsOf(rows), [rows]);
  const columns = columnsOf(search);
  const isTable =
    first !== undefined &&
    !first.columns.includes('event.original') &&
    !first.columns.includes('@timestamp') &&
    !first.histogram;
  const counted = first?.histogram?.counts.reduce((sum, n) => sum + n, 0);
  const total = first?.total ?? counted ?? rows.length;
  const fault =
    events.error instanceof ApiError && events.error.status === 400
      ? { message: events.error.message, where: events.error.where }
      : null;
  const running = events.isFetching && !events.isFetchingNextPage;
  const slow = useDelayed(running, 700);
  const partial = typeof first?.partial === 'string' ? first.partial : null;

  const onPivot = useCallback(
    (element: HTMLElement, field: string, value: string, count?: number) =>
      setPivot({
        anchor: { rect: element.getBoundingClientRect(), element },
        field,
        value,
        count,
      }),
    [],
  );
  const closePivot = useCallback(() => setPivot(null), []);
  const more = useCallback(() => {
    if (!events.isFetchingNextPage) void events.fetchNextPage();
  }, [events.isFetchingNextPage, events.fetchNextPage]);
  const toggle = useCallback(
    (at: number) =>
      setOpen((old) => {
        const name = cellText(rows[at]?._id) || String(at);
        const next = new Set(old);
        if (!next.delete(name)) next.add(name);
        return next;
      }),
    [rows],
  );
  const showFields = (on: boolean) => setPref('fields', on ? 'on' : 'off');

  const list = t('keys.groupList');
  useKeys([
    {
      key: '/',
      label: t('keys.search'),
      group: t('keys.groupGo'),
      run: () => document.getElementById('query')?.focus(),
    },
    {
      key: 'j',
      label: t('keys.next'),
      group: list,
      run: () => setActive(Math.min(rows.length - 1, active + 1)),
    },
    {
      key: 'k',
      label: t('keys.previous'),
      group: list,
      run: () => setActive(Math.max(0, active - 1)),
    },
    { key: 'Enter', label: t('keys.open'), group: list, run: () => active >= 0 && toggle(active) },
    { key: 'Space', label: t('keys.peek'), group: list, run: () => active >= 0 && toggle(active) },
    {
      key: 'p',
      label: t('keys.pivot'),
      group: list,
      run: () => {
        const focused = document.activeElement;
        const value =
          focused instanceof HTMLElement && focused.dataset.pivot !== undefined
            ? focused
            : document.querySelector<HTMLElement>(
                `.erow[data-index="${Math.max(0, active)}"] [data-pivot]`,
              );
        value?.focus();
        value?.click();
      },
    },
  ]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new question starts at the top
  useEffect(() => setActive(-1), [search.q, search.from, search.to, search.range]);

  const filterField = (field: string) => (field === 'message' ? 'event.original' : field);
  return (
    <div className={`find${fieldsOpen ? ' fields-open' : ' bare'}`}>
      {fieldsOpen && (
        <FieldList
          fields={fields.data?.fields ?? []}
          columns={columns}
          seen={seen}
          search={search}
          run={run}
          onColumns={(next) =>
            change({ cols: next.join() === kDefaultColumns.join() ? undefined : next.join() })
          }
          onPivot={onPivot}
          onHide={() => showFields(false)}
        />
      )}
      <div className="find-main">
        <h1 className="sr">{t('nav.search')}</h1>
        <QueryLine
          value={search.q ?? ''}
          fields={fields.data?.fields ?? []}
          fault={fault}
          running={slow}
          onRun={ask}
          onStop={() => void cancelSearch(searchId.current).catch(() => undefined)}
        />
        <div className="sline" role="status">
          {first && !fault && (
            <>
              <span>
                <b className="num">{number(isTable ? rows.length : total)}</b>{' '}
                {isTable
                  ? t('find.rows')
                  : (first.scanned_events ?? 0) >= total
                    ? t('find.matches', { n: number(first.scanned_events) })
                    : t('find.matchesPlain')}
              </span>
              <span className="num">
                {t('find.read', {
                  bytes: bytes(first.scanned_bytes),
                  time: number(first.took_ms / 1000, 3),
                })}
              </span>
              {partial && (
                <span className="c-high" style={{ fontWeight: 500 }}>
                  <WarnIcon
                    {...kIcon}
                    style={{ display: 'inline', verticalAlign: -3, marginRight: 4 }}
                  />
                  {t('find.partial', { reason: partial })}
                </span>
              )}
              {(first.silent_sources?.length ?? 0) > 0 && (
                <span className="c-high" title={first.silent_sources?.join(', ')}>
                  <SilentIcon
                    {...kIcon}
                    style={{ display: 'inline', verticalAlign: -3, marginRight: 4 }}
                  />
                  {t('find.silent', { n: number(first.silent_sources?.length) })}
                </span>
              )}
            </>
          )}
          {slow && <span>{t('find.running')}</span>}
        </div>
        {first?.histogram && !fault && (
          <Histogram
            data={first.histogram}
            from={search.from ?? first.from ?? first.histogram.from}
            to={
              search.to ??
              first.to ??
              new Date(
                new Date(first.histogram.from).getTime() +
                  first.histogram.step_ms * first.histogram.counts.length,
              ).toISOString()
            }
            absolute={search.from !== undefined}
            onSpan={(from, to) => change({ from, to })}
            onClear={() => change({ from: undefined, to: undefined })}
          />
        )}
        <div className="find-tabs">
          <div className="tabs" role="tablist" aria-label={t('find.view')}>
            {(['table', 'json'] as const).map((view) => (
              <button
                key={view}
                type="button"
                role="tab"
                className="tab"
                aria-selected={(search.view ?? 'table') === view}
                onClick={() => change({ view: view === 'table' ? undefined : view })}
              >
                {view === 'table' ? t('find.table') : 'JSON'}
              </button>
            ))}
          </div>
          <div className="tools">
            {!fieldsOpen && (
              <IconButton label={t('find.showFields')} onClick={() => showFields(true)}>
                <SidebarIcon {...kIcon} />
              </IconButton>
            )}
          </div>
        </div>
        {events.isPending ? (
          <SkeletonRows columns={template(columns)} rows={14} height={28} />
        ) : events.isError && !fault ? (
          <Failed
            what={t('find.failed')}
            error={events.error}
            retry={() => void events.refetch()}
            unaffected={t('find.failedRest')}
          />
        ) : fault ? (
          <Empty kind="filtered" title={t('find.badQuery')} detail={t('find.badQueryHelp')} />
        ) : rows.length === 0 ? (
          <NoHits
            silent={first?.silent_sources ?? []}
            narrowed={Boolean(search.q && search.q !== '*')}
            onClear={() => change({ q: '' })}
          />
        ) : search.view === 'json' ? (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable
          <pre className="jsonview mono scroll" tabIndex={0}>
            {rows.map((row) => JSON.stringify(row, null, 2)).join('\n')}
          </pre>
        ) : isTable ? (
          <StatsTable columns={first?.columns ?? []} rows={rows} onPivot={onPivot} />
        ) : (
          <EventTable
            rows={rows}
            columns={columns}
            total={total}
            active={active}
            open={open}
            hasMore={events.hasNextPage}
            onActivate={setActive}
            onToggle={toggle}
            onPivot={onPivot}
            onMore={more}
            onJudge={may('rules_view') ? setJudged : undefined}
          />
        )}
      </div>
      {judged && (
        <Suspense>
          <TryDialog opened asked={{ event_id: judged }} onClose={() => setJudged('')} />
        </Suspense>
      )}
      {pivot && (
        <PopMenu
          anchor={pivot.anchor}
          label={`${pivot.field}: ${pivot.value}`}
          onClose={closePivot}
          head={
            <>
              <p className="mono cut strong">{pivot.value === '' ? '""' : pivot.value}</p>
              <p className="meta cut">
                {pivot.field}
                {pivot.count !== undefined && `, ${t('find.inAnswer', { n: number(pivot.count) })}`}
              </p>
            </>
          }
          entries={[
            {
              label: t('find.only'),
              icon: <FilterIcon {...kIcon} />,
              shortcut: '=',
              run: () => ask(narrow(search.q ?? '', filterField(pivot.field), pivot.value)),
            },
            {
              label: t('find.without'),
              icon: <FilterOffIcon {...kIcon} />,
              shortcut: '-',
              run: () => ask(narrow(search.q ?? '', filterField(pivot.field), pivot.value, true)),
            },
            {
              label: t('find.groupBy'),
              icon: <GroupIcon {...kIcon} />,
              shortcut: 'G',
              run: () => ask(groupBy(search.q ?? '', filterField(pivot.field))),
            },
            'line',
            {
              label: t('action.copy'),
              icon: <CopyIcon {...kIcon} />,
              shortcut: 'Y',
              run: () => void copyText(pivot.value, t('action.copied')),
            },
          ]}
        />
      )}
    </div>
  );
}

function NoHits({
  silent,
  narrowed,
  onClear,
}: {
  silent: string[];
  narrowed: boolean;
  onClear: () => void;
}) {
  const { t } = useText();
  if (silent.length > 0) {
    return (
      <Empty
        kind="noData"
        title={t('find.none')}
        detail={t('find.noneSilent', { names: silent.join(', ') })}
      />
    );
  }
  return narrowed ? (
    <Empty
      kind="filtered"
      title={t('find.none')}
      detail={t('find.noneNarrow')}
      action={{ label: t('find.showAll'), run: onClear }}
    />
  ) : (
    <Empty kind="noData" title={t('find.none')} detail={t('find.noneYet')} />
  );
}
