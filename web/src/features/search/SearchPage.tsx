// Event search: a question in the address, its answer as rows, a histogram and top values, and from
// every value the way to the next question. Saved searches, the event beside the list, the export and
// the draft of a rule hang on the same address.
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { ApiError } from '@/api/client.ts';
import { quote, splitPipes } from '@/api/query.ts';
import { useMay, useSession } from '@/api/session.ts';
import { useText } from '@/text/index.ts';
import {
  HuntIcon,
  InfoIcon,
  kIcon,
  PeekIcon,
  RuleDraftIcon,
  SavedIcon,
  SaveIcon,
  SidebarIcon,
} from '@/ui/icons.ts';
import { useKeys } from '@/ui/keys.ts';
import { Button, IconButton } from '@/ui/parts.tsx';
import { setPref, usePref } from '@/ui/prefs.ts';
import { Empty, Failed, SkeletonRows, useDelayed } from '@/ui/states.tsx';
import {
  columnsOf,
  columnsPart,
  type EventSearch,
  fromSaved,
  kDefaultSplit,
  type Saved,
  spanOf,
  splitOf,
  type View,
  widened,
} from './address.ts';
import { remember } from './asked.ts';
import { EventPeek } from './EventPeek.tsx';
import { EventTable } from './EventTable.tsx';
import { parseEntity } from './entity.ts';
import { FieldList } from './FieldList.tsx';
import { Histogram } from './Histogram.tsx';
import { type Pivot, PivotMenu } from './PivotMenu.tsx';
import { QueryLine } from './QueryLine.tsx';
import { cancelSearch, type Field, useEvents, useFields, useSavedSearch } from './queries.ts';
import { RunLine } from './RunLine.tsx';
import { cellText, type EventRow, fieldsOf, template } from './rows.ts';
import type { SaveStart } from './SavedMenu.tsx';
import { StatsTable } from './StatsTable.tsx';
import '@/ui/record.css';
import './search.css';

const TryDialog = lazy(() =>
  import('@/shared/explain/TryDialog.tsx').then((room) => ({ default: room.TryDialog })),
);
const ExceptionDialog = lazy(() =>
  import('@/shared/exceptions/ExceptionDialog.tsx').then((room) => ({
    default: room.ExceptionDialog,
  })),
);
const SavedDialog = lazy(() =>
  import('./SavedMenu.tsx').then((room) => ({ default: room.SavedDialog })),
);
const SaveDialog = lazy(() =>
  import('./SavedMenu.tsx').then((room) => ({ default: room.SaveDialog })),
);
const SavedMark = lazy(() =>
  import('./SavedMenu.tsx').then((room) => ({ default: room.SavedMark })),
);
const EntityPeek = lazy(() =>
  import('./EntityPeek.tsx').then((room) => ({ default: room.EntityPeek })),
);
const StatsBars = lazy(() =>
  import('./StatsView.tsx').then((room) => ({ default: room.StatsBars })),
);
const StatsLines = lazy(() =>
  import('./StatsView.tsx').then((room) => ({ default: room.StatsLines })),
);
const ExportMenu = lazy(() =>
  import('./ExportMenu.tsx').then((room) => ({ default: room.ExportMenu })),
);

const kNoList: Field[] = [];
const kNoFields: ReadonlyMap<string, number> = new Map();

const RuleDraft = lazy(() =>
  import('./RuleDraft.tsx').then((room) => ({ default: room.RuleDraft })),
);

const HuntDialog = lazy(() => import('./Hunts.tsx').then((room) => ({ default: room.HuntDialog })));

const Explain = lazy(() => import('./Explain.tsx').then((room) => ({ default: room.Explain })));

type Excepted = { field: string; value: string; row: EventRow | undefined };
type Span = Pick<EventSearch, 'from' | 'to' | 'range'>;

export function SearchPage() {
  const { t } = useText();
  const search = useSearch({ from: '/frame/search' });
  const navigate = useNavigate({ from: '/search' });
  const session = useSession();
  const user = session.data?.user.name ?? '';
  const [run, setRun] = useState(0);
  const searchId = useRef('');
  if (searchId.current === '') searchId.current = crypto.randomUUID();
  // An address that names a saved search alone stands for all of it.
  const opening = search.saved !== undefined && search.q === undefined;
  const saved = useSavedSearch(search.saved ?? '');
  const events = useEvents(search, run, searchId.current, !opening);
  const fields = useFields();
  const fieldsPref = usePref('fields');
  const wide = window.innerWidth >= 1024;
  const fieldsOpen = fieldsPref === null ? wide : fieldsPref === 'on';
  const may = useMay();
  const [judged, setJudged] = useState('');
  const [pivot, setPivot] = useState<Pivot | null>(null);
  const [active, setActive] = useState(-1);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const [saving, setSaving] = useState<SaveStart | null>(null);
  const [listing, setListing] = useState(false);
  const [drafting, setDrafting] = useState(false);
  const [hunted, setHunted] = useState('');
  const [excepted, setExcepted] = useState<Excepted | null>(null);
  const [before, setBefore] = useState<Span[]>([]);

  const change = useCallback(
    (next: Partial<EventSearch>, replace = false) =>
      void navigate({ search: (old) => ({ ...old, ...next }), replace }),
    [navigate],
  );
  useEffect(() => {
    if (opening && saved.data) void navigate({ search: fromSaved(saved.data), replace: true });
  }, [opening, saved.data, navigate]);
  const ask = useCallback(
    (q: string) => {
      setActive(-1);
      setOpen(new Set());
      remember(user, q, Date.now());
      if (q === (search.q ?? '')) setRun((old) => old + 1);
      else change({ q });
    },
    [change, search.q, user],
  );
  const setSpan = useCallback(
    (next: Span) => {
      const { from, to, range } = search;
      setBefore((old) => [...old.slice(-19), { from, to, range }]);
      change(next);
    },
    [change, search],
  );
  // The range of the top bar counts back from now: choosing it gives up the span chosen here.
  const last = useRef(search);
  useEffect(() => {
    const old = last.current;
    last.current = search;
    if (search.from && search.range !== old.range && search.from === old.from) {
      change({ from: undefined, to: undefined }, true);
    }
  }, [search, change]);

  const pages = events.data?.pages;
  const first = pages?.[0];
  const rows = useMemo(() => (pages?.flatMap((page) => page.rows) ?? []) as EventRow[], [pages]);
  const seen = useMemo(() => fieldsOf(rows), [rows]);
  const columns = columnsOf(search);
  // Rows of events have an id, rows of a table have none.
  const isTable =
    first !== undefined &&
    (rows[0] !== undefined
      ? rows[0]._id === undefined
      : !first.columns.includes('event.original') &&
        !first.columns.includes('@timestamp') &&
        !first.histogram);
  const counted = first?.histogram?.counts.reduce((sum, n) => sum + n, 0);
  const total = first?.total ?? counted ?? rows.length;
  const fault =
    events.error instanceof ApiError && events.error.status === 400
      ? { message: events.error.message, where: events.error.where }
      : null;
  const running = events.isFetching && !events.isFetchingNextPage;
  const slow = useDelayed(running, 700);
  const view: View =
    !isTable && (search.view === 'bars' || search.view === 'lines')
      ? 'table'
      : (search.view ?? 'table');
  const from = search.from ?? first?.from ?? first?.histogram?.from ?? '';
  const to = search.to ?? first?.to ?? new Date().toISOString();
  // What is on screen, not what "the last hour" is by now.
  const exportSpan = first?.from
    ? { from: first.from, ...(first.to ? { to: first.to } : {}) }
    : spanOf(search);
  const peeked = search.event ? rows.findIndex((row) => cellText(row._id) === search.event) : -1;
  const entity = parseEntity(search.entity);

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
    if (!events.isFetchingNextPage && !events.isFetchNextPageError) void events.fetchNextPage();
  }, [events.isFetchingNextPage, events.isFetchNextPageError, events.fetchNextPage]);
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
  const peek = useCallback(
    (at: number) => {
      const id = cellText(rows[at]?._id);
      setActive(at);
      if (id) change({ event: id }, search.event !== undefined);
    },
    [rows, change, search.event],
  );
  const activate = useCallback(
    (at: number) => (search.event === undefined ? setActive(at) : peek(at)),
    [search.event, peek],
  );
  const showFields = (on: boolean) => setPref('fields', on ? 'on' : 'off');
  const widen = (factor: number) => {
    const a = Date.parse(from);
    const b = Date.parse(to);
    if (b > a) setSpan(widened(a, b, factor, Date.now()));
  };
  const back = () => {
    const span = before[before.length - 1];
    if (!span) return;
    setBefore(before.slice(0, -1));
    change(span);
  };
  const around = (row: EventRow, minutes: number) => {
    const at = Date.parse(cellText(row['@timestamp']));
    const host = cellText(row['host.name']);
    setBefore((old) => [...old, { from: search.from, to: search.to, range: search.range }]);
    change({
      q: host ? `host.name:${quote(host)}` : '',
      from: new Date(at - minutes * 60_000).toISOString(),
      to: new Date(at + minutes * 60_000).toISOString(),
    });
  };
  const keep = (onto: Saved | null) => setSaving({ search, saved: onto, wordsOnly: false });
  const canExcept = may('rules_edit');

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
      run: () => activate(Math.min(rows.length - 1, active + 1)),
    },
    {
      key: 'k',
      label: t('keys.previous'),
      group: list,
      run: () => activate(Math.max(0, active - 1)),
    },
    { key: 'Enter', label: t('keys.open'), group: list, run: () => active >= 0 && toggle(active) },
    {
      key: 'Space',
      label: t('keys.peek'),
      group: list,
      run: () =>
        search.event === undefined ? peek(Math.max(0, active)) : change({ event: undefined }),
    },
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
    {
      key: 's',
      label: t('find.saved.keep'),
      group: t('keys.groupAct'),
      run: () => keep(saved.data ?? null),
    },
    {
      key: 'Shift+s',
      label: t('find.saved.title'),
      group: t('keys.groupGo'),
      run: () => setListing(true),
    },
    ...(search.from
      ? [
          { key: '[', label: t('find.zoomOut'), group: t('keys.groupView'), run: () => widen(2) },
          { key: ']', label: t('find.zoomIn'), group: t('keys.groupView'), run: () => widen(0.5) },
        ]
      : []),
    ...(search.entity !== undefined || search.event !== undefined
      ? [
          {
            key: 'Escape',
            label: t('action.close'),
            group: t('keys.groupView'),
            run: () =>
              change(search.entity !== undefined ? { entity: undefined } : { event: undefined }),
          },
        ]
      : []),
  ]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new question starts at the top
  useEffect(() => setActive(-1), [search.q, search.from, search.to, search.range]);

  const views: [View, string][] = [
    ['table', t('find.table')],
    ...(isTable
      ? ([
          ['bars', t('find.bars')],
          ['lines', t('find.lines')],
        ] as [View, string][])
      : []),
    ['json', 'JSON'],
  ];
  const beside = entity !== null || search.event !== undefined;
  return (
    <div className={`find${fieldsOpen ? ' fields-open' : ' bare'}${beside ? ' beside' : ''}`}>
      {fieldsOpen && (
        <FieldList
          fields={fields.data ?? kNoList}
          columns={columns}
          seen={isTable ? kNoFields : seen}
          search={search}
          run={run}
          onColumns={(next) => change({ cols: columnsPart(next) })}
          onPivot={onPivot}
          onHide={() => showFields(false)}
        />
      )}
      <div className="find-main">
        <h1 className="sr">{t('nav.search')}</h1>
        <QueryLine
          value={search.q ?? ''}
          fields={fields.data ?? kNoList}
          fault={fault}
          running={slow}
          user={user}
          onRun={ask}
          onStop={() => void cancelSearch(searchId.current).catch(() => undefined)}
        />
        <div className="sline">
          <RunLine
            answer={fault ? undefined : first}
            searchId={searchId.current}
            running={slow}
            isTable={isTable}
            shown={rows.length}
            total={total}
          />
          <div className="sacts">
            {search.saved && saved.data && !opening && (
              <Suspense>
                <SavedMark saved={saved.data} search={search} />
              </Suspense>
            )}
            <Button size="mid" onClick={() => setListing(true)}>
              <SavedIcon {...kIcon} />
              {t('find.saved.short')}
            </Button>
            <Button size="mid" onClick={() => keep(saved.data ?? null)}>
              <SaveIcon {...kIcon} />
              {t('find.saved.save')}
            </Button>
            <Button size="mid" onClick={() => change({ hunt: 'new' })}>
              <HuntIcon {...kIcon} />
              {t('hunt.short')}
            </Button>
            <Button size="mid" onClick={() => setDrafting(true)} disabled={fault !== null}>
              <RuleDraftIcon {...kIcon} />
              {t('find.asRule')}
            </Button>
          </div>
        </div>
        {search.explain && first?.explanation && !fault && (
          <Suspense>
            <Explain found={first.explanation} onClose={() => change({ explain: undefined })} />
          </Suspense>
        )}
        {first?.histogram && !fault && (
          <Histogram
            data={first.histogram}
            split={splitOf(search)}
            from={from}
            to={to}
            absolute={search.from !== undefined}
            canBack={before.length > 0}
            onSpan={(a, b) => setSpan({ from: a, to: b })}
            onClear={() => setSpan({ from: undefined, to: undefined })}
            onWiden={widen}
            onBack={back}
            onSplit={(field) =>
              change({ split: field === kDefaultSplit ? undefined : field === '' ? '-' : field })
            }
          />
        )}
        <div className="find-tabs">
          <div className="tabs" role="tablist" aria-label={t('find.view')}>
            {views.map(([name, label]) => (
              <button
                key={name}
                type="button"
                role="tab"
                className="tab"
                aria-selected={view === name}
                onClick={() => change({ view: name === 'table' ? undefined : name })}
              >
                {label}
              </button>
            ))}
          </div>
          <div className="tools">
            {!fieldsOpen && (
              <IconButton label={t('find.showFields')} onClick={() => showFields(true)}>
                <SidebarIcon {...kIcon} />
              </IconButton>
            )}
            {!isTable && rows.length > 0 && search.event === undefined && (
              <IconButton label={t('find.event.open')} onClick={() => peek(Math.max(0, active))}>
                <PeekIcon {...kIcon} />
              </IconButton>
            )}
            <IconButton
              label={t('find.explain.title')}
              aria-pressed={search.explain === true}
              onClick={() => change({ explain: search.explain ? undefined : true })}
            >
              <InfoIcon {...kIcon} />
            </IconButton>
            <Suspense>
              <ExportMenu
                rows={rows}
                columns={isTable ? (first?.columns ?? []) : columns}
                isTable={isTable}
                complete={!events.hasNextPage}
                query={search.q ?? ''}
                span={exportSpan}
              />
            </Suspense>
          </div>
        </div>
        {opening && saved.isError ? (
          <Failed
            what={t('find.saved.lost')}
            error={saved.error}
            unaffected={t('find.saved.lostRest')}
          />
        ) : events.isPending ? (
          <SkeletonRows columns={template(columns)} rows={14} height={28} />
        ) : events.isError && !fault && rows.length === 0 ? (
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
            narrowed={!['', '*'].includes(splitPipes(search.q ?? '').filter)}
            stopped={typeof first?.partial === 'string'}
            onClear={() => change({ q: '' })}
            onWiden={() => widen(4)}
          />
        ) : view === 'json' ? (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable
          <pre className="jsonview mono scroll" tabIndex={0}>
            {rows.map((row) => JSON.stringify(row, null, 2)).join('\n')}
          </pre>
        ) : isTable && view === 'bars' ? (
          <Suspense>
            <StatsBars columns={first?.columns ?? []} rows={rows} onPivot={onPivot} />
          </Suspense>
        ) : isTable && view === 'lines' ? (
          <Suspense>
            <StatsLines columns={first?.columns ?? []} rows={rows} />
          </Suspense>
        ) : isTable ? (
          <StatsTable columns={first?.columns ?? []} rows={rows} onPivot={onPivot} />
        ) : (
          <EventTable
            rows={rows}
            columns={columns}
            total={total}
            active={active >= 0 ? active : peeked}
            open={open}
            hasMore={events.hasNextPage}
            failed={events.isFetchNextPageError}
            onRetry={() => void events.fetchNextPage()}
            onActivate={activate}
            onToggle={toggle}
            onPivot={onPivot}
            onMore={more}
            onJudge={may('rules_view') ? setJudged : undefined}
          />
        )}
      </div>
      {search.event !== undefined && (
        <EventPeek
          key={search.event}
          id={search.event}
          row={peeked >= 0 ? rows[peeked] : undefined}
          at={peeked}
          of={rows.length}
          onStep={(by) => peeked + by >= 0 && peeked + by < rows.length && peek(peeked + by)}
          onPivot={onPivot}
          onAround={around}
          onJudge={may('rules_view') ? setJudged : undefined}
          onExcept={canExcept ? (row) => setExcepted({ field: '', value: '', row }) : undefined}
          onClose={() => change({ event: undefined })}
        />
      )}
      {entity && (
        <Suspense>
          <EntityPeek
            key={search.entity}
            field={entity.field}
            value={entity.value}
            search={search}
            onPivot={onPivot}
            onAsk={ask}
            onClose={() => change({ entity: undefined })}
          />
        </Suspense>
      )}
      <Suspense>
        {judged && <TryDialog opened asked={{ event_id: judged }} onClose={() => setJudged('')} />}
        {listing && (
          <SavedDialog
            opened
            onOpen={(one) => {
              setListing(false);
              setBefore([]);
              void navigate({ search: fromSaved(one) });
            }}
            onEdit={(one) => {
              setListing(false);
              setSaving({ search, saved: one, wordsOnly: true });
            }}
            onClose={() => setListing(false)}
          />
        )}
        {saving && (
          <SaveDialog
            start={saving}
            onDone={(done) => !saving.wordsOnly && change({ saved: done.id }, true)}
            onClose={() => setSaving(null)}
          />
        )}
        {drafting && (
          <RuleDraft query={search.q ?? ''} rows={rows} onClose={() => setDrafting(false)} />
        )}
        {search.hunt !== undefined && (
          <HuntDialog
            key={search.hunt}
            id={search.hunt}
            value={hunted}
            onOpen={(id) => change({ hunt: id })}
            onAsk={(q, a, b) => {
              remember(user, q, Date.now());
              setSpan({ from: a, to: b });
              change({ q, hunt: undefined, event: undefined, entity: undefined });
            }}
            onClose={() => {
              setHunted('');
              change({ hunt: undefined });
            }}
          />
        )}
        {excepted && (
          <ExceptionDialog
            start={{
              rule: { id: '', title: t('find.exceptAll') },
              conditions: [{ field: excepted.field, op: 'equals', value: excepted.value }],
              ...(excepted.row ? { event: excepted.row as never } : {}),
            }}
            onClose={() => setExcepted(null)}
          />
        )}
      </Suspense>
      {pivot && (
        <PivotMenu
          pivot={pivot}
          query={search.q ?? ''}
          columns={columns}
          onAsk={ask}
          onEntity={(field, value) => change({ entity: `${field}:${value}` })}
          onColumns={(next) => change({ cols: columnsPart(next) })}
          onExcept={
            canExcept ? (field, value) => setExcepted({ field, value, row: undefined }) : undefined
          }
          onHunt={(value) => {
            setHunted(value);
            change({ hunt: 'new' });
          }}
          onClose={closePivot}
        />
      )}
    </div>
  );
}

function NoHits({
  silent,
  narrowed,
  stopped,
  onClear,
  onWiden,
}: {
  silent: string[];
  narrowed: boolean;
  stopped: boolean;
  onClear: () => void;
  onWiden: () => void;
}) {
  const { t } = useText();
  if (stopped) {
    return <Empty kind="noData" title={t('find.noneYetFound')} detail={t('find.nonePartial')} />;
  }
  if (silent.length > 0) {
    return (
      <Empty
        kind="noData"
        title={t('find.none')}
        detail={t('find.noneSilent', { names: silent.join(', ') })}
        action={{ label: t('find.longer'), run: onWiden }}
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
    <Empty
      kind="noData"
      title={t('find.none')}
      detail={t('find.noneYet')}
      action={{ label: t('find.longer'), run: onWiden }}
    />
  );
}
