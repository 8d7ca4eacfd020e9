// Log sources: who sends, who fell silent, what could not be read. Silent first, with what to do.
import { useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { useMay } from '@/api/session.ts';
import { type TextKey, useText } from '@/text/index.ts';
import { age, bytes, duration, fold, number, timeOrDay } from '@/ui/format.ts';
import { kIcon, SearchIcon, SilentIcon } from '@/ui/icons.ts';
import { Button, Stamp } from '@/ui/parts.tsx';
import { Shape } from '@/ui/Severity.tsx';
import { SparkLine } from '@/ui/Spark.tsx';
import { parseScope } from '@/ui/scope.ts';
import { Empty, Failed, SkeletonRows } from '@/ui/states.tsx';
import { type Column, Table } from '@/ui/Table.tsx';
import { useNow } from '@/ui/useNow.ts';
import { type Source, type Sources, useSources } from './queries.ts';
import { SourceDetail } from './SourceDetail.tsx';
import { TryLine } from './TryLine.tsx';

type Only = 'all' | 'silent' | 'failing' | 'slow' | 'unassigned';
const kOnly: Only[] = ['all', 'silent', 'failing', 'slow', 'unassigned'];
const kOnlyKeys: Record<Only, TextKey> = {
  all: 'sources.all',
  silent: 'sources.silent',
  failing: 'sources.failing',
  slow: 'sources.slow',
  unassigned: 'sources.unassigned',
};

export const sourceName = (source: Source) => source.title || source.name;

export function stateWords(source: Source, t: ReturnType<typeof useText>['t']): string {
  switch (source.state) {
    case 'silent':
      return t('sources.state.silent', { span: duration((source.silent_for_s ?? 0) * 1000) });
    case 'failing':
      return t('sources.state.failing');
    case 'slow':
      return t('sources.state.slow');
    default:
      return source.events === 0 ? t('sources.state.waiting') : t('sources.state.receiving');
  }
}

const kTones: Record<Source['state'], string> = {
  silent: 'c-high',
  failing: 'c-medium',
  slow: 'c-medium',
  receiving: 'dim',
};

export function SourcesPage() {
  const { t } = useText();
  const may = useMay();
  const sources = useSources();
  const [trying, setTrying] = useState(false);
  return (
    <div className="page">
      <div className="page-title">
        <h1>{t('nav.sources')}</h1>
        <div className="tools">
          {may('sources_view') && (
            <Button onClick={() => setTrying(true)}>{t('sources.tryLine')}</Button>
          )}
        </div>
      </div>
      {sources.isPending && (
        <div className="panel">
          <SkeletonRows columns="1fr 132px 150px 84px 132px 76px 64px 168px" rows={12} />
        </div>
      )}
      {sources.isError && !sources.data && (
        <div className="panel">
          <Failed
            what={t('sources.failed')}
            error={sources.error}
            retry={() => void sources.refetch()}
            unaffected={t('sources.failedRest')}
          />
        </div>
      )}
      {sources.data && <Body data={sources.data} />}
      <TryLine
        opened={trying}
        profiles={sources.data?.profiles ?? []}
        onClose={() => setTrying(false)}
      />
    </div>
  );
}

function Body({ data }: { data: Sources }) {
  const { t, language } = useText();
  const scope = parseScope(useSearch({ strict: false }) as Record<string, unknown>);
  const now = useNow(5_000);
  const [only, setOnly] = useState<Only>('all');
  const [text, setText] = useState('');
  const counts: Record<Only, number> = {
    all: data.total,
    silent: data.silent,
    failing: data.failing,
    slow: data.slow,
    unassigned: data.unassigned,
  };
  const shown = data.sources.filter((source) => {
    if (scope.unit && source.unit?.id !== scope.unit) return false;
    if (only === 'unassigned' && source.unit) return false;
    if (only !== 'all' && only !== 'unassigned' && source.state !== only) return false;
    return fold(`${sourceName(source)} ${source.name}`).includes(fold(text.trim()));
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the language changes every word here
  const columns = useMemo<Column<Source>[]>(
    () => [
      {
        id: 'name',
        name: t('sources.col.name'),
        width: 'minmax(160px, 1fr)',
        sort: sourceName,
        cell: (source) => (
          <span className={`name-cell${source.state === 'receiving' ? '' : ' strong'}`}>
            <span className="icon">
              {source.state === 'silent' ? (
                <SilentIcon {...kIcon} className="c-high" />
              ) : source.state === 'receiving' ? (
                <i className="dot-ok" />
              ) : (
                <Shape level="medium" size={12} />
              )}
            </span>
            <span className="cut" title={source.name}>
              {sourceName(source)}
            </span>
            {source.drill && <span className="tag">{t('alert.drill')}</span>}
          </span>
        ),
      },
      {
        id: 'kind',
        name: t('sources.col.kind'),
        width: '132px',
        drop: 1,
        sort: (source) => `${source.kind} ${source.profile}`,
        cell: (source) => (
          <span
            className="cut"
            style={{ display: 'block' }}
            title={`${source.kind} ${source.profile}`}
          >
            {[source.kind, source.profile].filter(Boolean).join(', ')}
          </span>
        ),
      },
      {
        id: 'unit',
        name: t('queue.col.unit'),
        width: '150px',
        drop: 1,
        sort: (source) => source.unit?.name ?? '',
        cell: (source) => (
          <span className="cut" style={{ display: 'block' }}>
            {source.unit?.name ?? t('queue.noUnit')}
          </span>
        ),
      },
      {
        id: 'rate',
        name: t('sources.col.rate'),
        width: '92px',
        right: true,
        drop: 3,
        sort: (source) => source.rate,
        cell: (source) => (
          <span className={source.state === 'silent' ? 'c-high' : 'strong'}>
            {number(source.rate, source.rate > 0 && source.rate < 10 ? 1 : 0)}
          </span>
        ),
      },
      {
        id: 'spark',
        name: t('queue.col.spark'),
        width: '124px',
        drop: 2,
        cell: (source) => (
          <SparkLine
            bins={source.spark}
            silentFrom={
              source.state === 'silent'
                ? Math.max(
                    1,
                    source.spark.length -
                      Math.max(1, Math.round((source.silent_for_s ?? 0) / 3600)),
                  )
                : undefined
            }
            label={t('sources.sparkLabel')}
          />
        ),
      },
      {
        id: 'last',
        name: t('sources.col.last'),
        width: '84px',
        right: true,
        drop: 3,
        sort: (source) => source.last_event ?? '',
        cell: (source) => (
          <Stamp at={source.last_event}>
            {source.last_event && now - new Date(source.last_event).getTime() > 3_600_000
              ? timeOrDay(source.last_event, now)
              : age(source.last_event, now)}
          </Stamp>
        ),
      },
      {
        id: 'failed',
        name: t('sources.col.failed'),
        width: '64px',
        right: true,
        drop: 2,
        sort: (source) => source.parse_failed_percent,
        cell: (source) => (
          <span
            className={source.state === 'failing' ? 'c-medium' : ''}
            style={{ fontWeight: source.state === 'failing' ? 600 : undefined }}
          >
            {number(source.parse_failed_percent, 2)}
          </span>
        ),
      },
      {
        id: 'state',
        name: t('sources.col.state'),
        width: '168px',
        sort: (source) => source.state,
        cell: (source) => (
          <span className={kTones[source.state]}>
            {stateWords(source, t)}
            {source.snooze_until && new Date(source.snooze_until).getTime() > now && (
              <span className="meta" style={{ display: 'block' }}>
                {t('sources.snoozedUntil', { time: timeOrDay(source.snooze_until, now) })}
              </span>
            )}
          </span>
        ),
      },
    ],
    [t, language, now],
  );
  const firstSilent = data.sources.find((source) => source.state === 'silent');
  return (
    <>
      <div className="band" style={{ flex: 'none' }}>
        <Figure
          label={t('sources.receiving')}
          value={number(data.receiving)}
          tone={data.receiving > 0 ? 'c-ok' : ''}
          note={t('desk.ofSources', { n: number(data.total) })}
        />
        <Figure
          label={t('sources.silent')}
          value={number(data.silent)}
          tone={data.silent > 0 ? 'c-high' : ''}
          note={t('sources.silentNote')}
        />
        <Figure
          label={t('sources.failing')}
          value={`${number(data.parse_failed_percent ?? 0, 2)} %`}
          note={t('sources.failedNote', { n: number(data.parse_failed ?? 0) })}
        />
        <Figure
          label={t('desk.rate')}
          value={number(
            data.events_per_second,
            data.events_per_second > 0 && data.events_per_second < 10 ? 1 : 0,
          )}
          note={t('sources.rateNote')}
        />
        <Figure
          label={t('sources.disk')}
          value={bytes(data.disk?.used_bytes)}
          note={
            data.disk?.days_left != null
              ? t('sources.diskDays', { n: number(data.disk.days_left) })
              : t('sources.diskFree', { size: bytes(data.disk?.free_bytes) })
          }
        />
      </div>
      <div className="filters">
        <label className="field" style={{ width: 240, height: 28 }}>
          <SearchIcon {...kIcon} />
          <input
            aria-label={t('sources.filter')}
            placeholder={t('sources.filter')}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        {kOnly.map((each) => (
          <button
            key={each}
            type="button"
            className="chip"
            aria-pressed={only === each}
            onClick={() => setOnly(each)}
          >
            {t(kOnlyKeys[each])}
            <span className="num">{number(counts[each])}</span>
          </button>
        ))}
        <span className="meta" style={{ marginLeft: 'auto' }}>
          {t('sources.order')}
        </span>
      </div>
      <div className="panel" style={{ flex: 1, minHeight: 240 }}>
        {data.total === 0 ? (
          <Empty kind="noData" title={t('sources.none')} detail={t('sources.noneDetail')} />
        ) : shown.length === 0 ? (
          <Empty
            kind="filtered"
            title={t('sources.filtered')}
            action={{
              label: t('action.clearFilter'),
              run: () => {
                setOnly('all');
                setText('');
              },
            }}
          />
        ) : (
          <Table
            label={t('nav.sources')}
            rows={shown}
            rowKey={(source) => source.name}
            columns={columns}
            initialOpen={firstSilent?.name ?? null}
            detail={(source) => <SourceDetail source={source} profiles={data.profiles ?? []} />}
          />
        )}
      </div>
    </>
  );
}

function Figure({
  label,
  value,
  note,
  tone = '',
}: {
  label: string;
  value: string;
  note: string;
  tone?: string;
}) {
  return (
    <div className="figure">
      <span className="label">{label}</span>
      <span className={`value num ${tone}`}>{value}</span>
      <span className="note">{note}</span>
    </div>
  );
}
