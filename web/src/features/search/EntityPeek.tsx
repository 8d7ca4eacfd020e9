import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useMay } from '@/api/session.ts';
import { useText } from '@/text/index.ts';
import { Chart } from '@/ui/Chart.tsx';
import { dateTime, dayMonth, duration, minute, number } from '@/ui/format.ts';
import { CloseIcon, CopyIcon, kIcon, SearchIcon } from '@/ui/icons.ts';
import { Button, IconButton } from '@/ui/parts.tsx';
import { asLevel, Severity } from '@/ui/Severity.tsx';
import { Failed, SkeletonRows } from '@/ui/states.tsx';
import { copyText } from '@/ui/Value.tsx';
import type { EventSearch } from './address.ts';
import { entityFacets, entityKind, entityQuery, kEntityKeys } from './entity.ts';
import { partialText } from './faults.ts';
import { useAlertsOf, useEntity } from './queries.ts';
import { labelEvery } from './rows.ts';

/** What is known of an address, an account, a machine: how often, when, with whom, in which alerts. */
export function EntityPeek({
  field,
  value,
  search,
  onPivot,
  onAsk,
  onClose,
}: {
  field: string;
  value: string;
  search: EventSearch;
  onPivot: (element: HTMLElement, field: string, value: string, count?: number) => void;
  onAsk: (query: string) => void;
  onClose: () => void;
}) {
  const { t, language } = useText();
  const may = useMay();
  const kind = entityKind(field, value);
  const query = entityQuery(field, value);
  const facets = entityFacets(field, value);
  const found = useEntity(query, search, facets);
  const alerts = useAlertsOf(value, may('alerts_view'));
  const bars = found.data?.histogram;
  const chart = useMemo(() => {
    if (!bars) return null;
    const start = new Date(bars.from).getTime();
    const long = bars.step_ms * bars.counts.length > 26 * 3_600_000;
    return {
      labels: bars.counts.map((_, at) => {
        const when = start + at * bars.step_ms;
        return long ? dayMonth(when) : minute(when);
      }),
      series: [{ name: t('find.events'), token: '--chart-1', values: bars.counts }],
    };
  }, [bars, t]);
  const total = found.data?.total ?? null;
  const last = found.data?.rows[0]?.['@timestamp'];
  return (
    <aside className="peek" aria-label={t('find.entity.title', { value })}>
      <div className="peek-bar">
        <span>{t(kind ? kEntityKeys[kind] : 'find.entity.value')}</span>
        <div className="tools">
          <IconButton
            label={t('action.copy')}
            onClick={() => void copyText(value, t('action.copied'))}
          >
            <CopyIcon {...kIcon} />
          </IconButton>
          <IconButton label={t('action.close')} onClick={onClose}>
            <CloseIcon {...kIcon} />
          </IconButton>
        </div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
      <div className="peek-body scroll" tabIndex={0}>
        <div className="section first">
          <h2 className="peek-title mono wrap">{value}</h2>
          <p className="meta">{field}</p>
          <p className="peek-acts">
            <Button size="mid" onClick={() => onAsk(query)}>
              <SearchIcon {...kIcon} />
              {t('find.entity.ask')}
            </Button>
          </p>
        </div>
        {found.isPending && <SkeletonRows columns="40% 1fr" rows={10} height={28} />}
        {found.isError && (
          <Failed
            what={t('find.entity.failed')}
            error={found.error}
            retry={() => void found.refetch()}
          />
        )}
        {found.data && (
          <>
            <div className="section">
              <h3 className="section-head">
                {t('find.entity.inSpan')}
                <span className="meta">
                  {typeof found.data.partial === 'string' &&
                    t('find.partial', { reason: partialText(found.data.partial, t) })}
                </span>
              </h3>
              <p>
                <b className="strong num">{total === null ? '–' : number(total)}</b>{' '}
                {t('find.matchesPlain')}
                {typeof last === 'string' && (
                  <span className="dim">, {t('find.entity.last', { time: dateTime(last) })}</span>
                )}
              </p>
              {chart && total !== 0 && (
                <Chart
                  labels={chart.labels}
                  series={chart.series}
                  height={84}
                  labelEvery={labelEvery(chart.labels.length)}
                  caption={t('find.perSpan', { span: duration(bars?.step_ms ?? 0) })}
                />
              )}
            </div>
            {(found.data.facets ?? [])
              .filter((facet) => facet.values.length > 0)
              .map((facet) => (
                <div className="section" key={facet.field}>
                  <h3 className="section-head">
                    {t('find.entity.with', { field: facet.field })}
                    <span className="meta num">{number(facet.distinct)}</span>
                  </h3>
                  <ul className="tops flat">
                    {facet.values.slice(0, 5).map((each) => (
                      <li key={each.value}>
                        <button
                          type="button"
                          className="line"
                          data-pivot
                          onClick={(event) =>
                            onPivot(event.currentTarget, facet.field, each.value, each.count)
                          }
                        >
                          <span className="cut mono" title={each.value}>
                            {each.value === '' ? '""' : each.value}
                          </span>
                          <b>{number(each.count)}</b>
                        </button>
                        <div className="bar" aria-hidden="true">
                          <i
                            style={{
                              width: `${(each.count / (facet.values[0]?.count || 1)) * 100}%`,
                            }}
                          />
                        </div>
                      </li>
                    ))}
                  </ul>
                </div>
              ))}
          </>
        )}
        {may('alerts_view') && (
          <div className="section">
            <h3 className="section-head">{t('find.entity.alerts')}</h3>
            {alerts.isPending && <SkeletonRows columns="1fr" rows={2} height={28} padding={0} />}
            {alerts.isError && <Failed what={t('find.entity.alertsFailed')} error={alerts.error} />}
            {alerts.data?.alerts.length === 0 && <p className="dim">{t('find.entity.noAlerts')}</p>}
            <ul className="mentions">
              {alerts.data?.alerts.map((one) => (
                <li key={one.id}>
                  <Severity level={asLevel(one.level)} />
                  <Link to="/alerts/$id" params={{ id: one.id }} className="cut">
                    {(language === 'vi' && one.rule_title_vi) || one.rule_title}
                  </Link>
                  <span className="meta num">{dateTime(one.last)}</span>
                </li>
              ))}
            </ul>
            {(alerts.data?.alerts.length ?? 0) > 0 && (
              <Link to="/alerts" search={{ q: value }} className="link">
                {t('find.entity.allAlerts')}
              </Link>
            )}
          </div>
        )}
      </div>
    </aside>
  );
}
