// The watch desk: what needs me now. One answer of the server fills it, so its figures agree.
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { type ReactNode, useMemo, useState } from 'react';
import { useMay } from '@/api/session.ts';
import { useText } from '@/text/index.ts';
import { Chart } from '@/ui/Chart.tsx';
import { Deadline } from '@/ui/Deadline.tsx';
import { age, duration, hour, number, timeOrDay } from '@/ui/format.ts';
import { kIcon, SilentIcon } from '@/ui/icons.ts';
import { useKeys } from '@/ui/keys.ts';
import { Button, Stamp } from '@/ui/parts.tsx';
import { asLevel, Severity, Shape } from '@/ui/Severity.tsx';
import { parseScope } from '@/ui/scope.ts';
import { Empty, Failed, SkeletonRows } from '@/ui/states.tsx';
import { useNow } from '@/ui/useNow.ts';
import './desk.css';
import { type Alert, type Desk, useDesk, useDrillCount, useTake } from './queries.ts';

function titleOf(alert: Alert, language: string) {
  return (language === 'vi' && alert.rule_title_vi) || alert.rule_title;
}

function codeOf(alert: Alert) {
  return alert.number === undefined ? alert.id.slice(0, 8) : `CB-${alert.number}`;
}

export function DeskPage() {
  const { t } = useText();
  const scope = parseScope(useSearch({ strict: false }) as Record<string, unknown>);
  const desk = useDesk(scope.unit);
  if (desk.isPending) {
    return (
      <div className="page">
        <div className="page-title">
          <h1>{t('nav.desk')}</h1>
        </div>
        <div className="band">
          <SkeletonRows columns="1fr 1fr 1fr 1fr 1fr" rows={1} height={88} />
        </div>
        <div className="panel">
          <SkeletonRows columns="116px 1fr 136px 64px 92px" rows={8} />
        </div>
      </div>
    );
  }
  if (!desk.data) {
    return (
      <div className="page">
        <div className="page-title">
          <h1>{t('nav.desk')}</h1>
        </div>
        <div className="panel">
          <Failed
            what={t('desk.failed')}
            error={desk.error}
            retry={() => void desk.refetch()}
            unaffected={t('desk.failedRest')}
          />
        </div>
      </div>
    );
  }
  return <DeskBody desk={desk.data} unit={scope.unit} />;
}

function DeskBody({ desk, unit }: { desk: Desk; unit: string | undefined }) {
  const { t, language } = useText();
  const drill = useDrillCount(unit);
  const now = useNow(10_000);
  const { critical_unacknowledged: critical, overdue, mine, silent_sources: silent } = desk;
  const rate = desk.events_per_second;
  const idle = critical.count === 0 && overdue.count === 0 && mine.count === 0;
  const summary =
    critical.count > 0
      ? t('desk.needCritical', { n: number(critical.count), count: critical.count })
      : overdue.count > 0
        ? t('desk.needOverdue', { n: number(overdue.count), count: overdue.count })
        : t('desk.calm');
  return (
    <div className="page">
      <div className="page-title">
        <h1>{t('nav.desk')}</h1>
        <span className="dim">{summary}</span>
        {(drill.data ?? 0) > 0 && (
          <Link to="/alerts" search={{ tab: 'drill' }}>
            {t('desk.drill', { n: number(drill.data), count: drill.data })}
          </Link>
        )}
      </div>
      <div className="band" style={{ flex: 'none' }}>
        <Link to="/alerts" search={{ tab: 'critical' }} className="figure">
          <span className="label">{t('desk.critical')}</span>
          <span className={critical.count > 0 ? 'value c-critical' : 'value'}>
            {critical.count > 0 && <Shape level="critical" size={14} />}
            {number(critical.count)}
          </span>
          <span className="note">
            {critical.oldest
              ? t('desk.oldest', { span: age(critical.oldest, now) })
              : t('desk.nobodyWaits')}
          </span>
        </Link>
        <Link to="/alerts" search={{ tab: 'overdue' }} className="figure">
          <span className="label">{t('desk.overdue')}</span>
          <span className={overdue.count > 0 ? 'value c-critical' : 'value'}>
            {number(overdue.count)}
          </span>
          <span className="note cut">{overdue.unit?.name ?? t('desk.inTime')}</span>
        </Link>
        <Link to="/alerts" search={{ tab: 'mine' }} className="figure">
          <span className="label">{t('desk.mine')}</span>
          <span className="value">{number(mine.count)}</span>
          <span className="note">
            {mine.next_due
              ? t('desk.nextDue', { time: timeOrDay(mine.next_due, now) })
              : t('desk.noneDue')}
          </span>
        </Link>
        <Link to="/sources" className="figure">
          <span className="label">{t('desk.silent')}</span>
          <span className={silent.count > 0 ? 'value c-high' : 'value'}>
            {number(silent.count)}
          </span>
          <span className="note">{t('desk.ofSources', { n: number(silent.total) })}</span>
        </Link>
        <Link to="/sources" className="figure">
          <span className="label">{t('desk.rate')}</span>
          <span className="value">{number(rate.now, rate.now > 0 && rate.now < 10 ? 1 : 0)}</span>
          <span className="note">
            {rate.usual_low != null && rate.usual_high != null
              ? t('desk.usualRate', {
                  low: number(rate.usual_low),
                  high: number(rate.usual_high),
                })
              : t('desk.noUsual')}
          </span>
        </Link>
      </div>
      <div className="desk-cols">
        <div>
          <CriticalPanel alerts={desk.critical} count={critical.count} />
          <Panel title={t('desk.mine')} count={mine.count} aside={t('desk.byDue')} grow>
            {desk.my_alerts.length === 0 ? (
              <Empty
                kind="nothing"
                title={idle ? t('desk.nothing') : t('desk.nothingMine')}
                detail={t('desk.nothingDetail')}
              />
            ) : (
              desk.my_alerts.map((alert) => (
                <Link
                  key={alert.id}
                  to="/alerts/$id"
                  params={{ id: alert.id }}
                  className="drow two"
                  style={{ textDecoration: 'none' }}
                >
                  <span className="num code">{codeOf(alert)}</span>
                  <span className="name cut" title={titleOf(alert, language)}>
                    {titleOf(alert, language)}
                  </span>
                  <span className="unit cut">{alert.unit?.name ?? alert.host ?? '–'}</span>
                  <span className="end">
                    {alert.due ? <Deadline from={alert.raised} due={alert.due} /> : '–'}
                  </span>
                </Link>
              ))
            )}
          </Panel>
          <Panel title={t('desk.closed')} count={desk.recently_closed.length}>
            {desk.recently_closed.length === 0 ? (
              <Empty kind="nothing" title={t('desk.closedNone')} />
            ) : (
              desk.recently_closed.map((alert) => (
                <Link
                  key={alert.id}
                  to="/alerts/$id"
                  params={{ id: alert.id }}
                  className="drow two"
                  style={{ textDecoration: 'none' }}
                >
                  <span className="num code">{codeOf(alert)}</span>
                  <span className="name cut" title={titleOf(alert, language)}>
                    {titleOf(alert, language)}
                  </span>
                  <span className="unit cut">{alert.unit?.name ?? alert.host ?? '–'}</span>
                  <span className="end num">
                    <Stamp at={alert.closed_at ?? alert.updated}>
                      {timeOrDay(alert.closed_at ?? alert.updated, now)}
                    </Stamp>
                  </span>
                </Link>
              ))
            )}
          </Panel>
        </div>
        <div>
          <Panel
            title={t('desk.silent')}
            count={silent.count}
            tone="c-high"
            aside={<Link to="/sources">{t('desk.seeSources', { n: number(silent.total) })}</Link>}
          >
            {desk.silent.length === 0 ? (
              <Empty
                kind={silent.total === 0 ? 'noData' : 'nothing'}
                title={silent.total === 0 ? t('desk.noSources') : t('desk.allSpeak')}
              />
            ) : (
              desk.silent.map((source) => (
                <div key={source.name} className="srow">
                  <span className="c-high">
                    <SilentIcon {...kIcon} />
                  </span>
                  <span className="cut" title={source.title || source.name}>
                    {source.title || source.name}
                  </span>
                  <span className="end c-high num">
                    {source.silent_for_s != null ? duration(source.silent_for_s * 1000) : '–'}
                  </span>
                  <span className="end dim num">
                    {source.usual_gap_s != null
                      ? t('desk.usually', { span: duration(source.usual_gap_s * 1000) })
                      : ''}
                  </span>
                </div>
              ))
            )}
          </Panel>
          <Hours hours={desk.hours} />
        </div>
      </div>
    </div>
  );
}

function Panel({
  title,
  count,
  tone = '',
  aside,
  grow = false,
  children,
}: {
  title: string;
  count?: number;
  tone?: string;
  aside?: ReactNode;
  /** Takes the height that the others leave. */
  grow?: boolean;
  children: ReactNode;
}) {
  return (
    <section className={`panel ${grow ? 'grow' : ''}`} aria-label={title}>
      <div className="panel-head">
        <h2 style={{ font: 'inherit' }}>{title}</h2>
        {count !== undefined && (
          <span
            className={count > 0 && tone ? `num ${tone}` : 'num dim'}
            style={{ fontWeight: 400 }}
          >
            {number(count)}
          </span>
        )}
        {aside && <span className="aside dim">{aside}</span>}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
      <div className="panel-body scroll" tabIndex={0}>
        {children}
      </div>
    </section>
  );
}

function CriticalPanel({ alerts, count }: { alerts: Alert[]; count: number }) {
  const { t, language } = useText();
  const now = useNow(10_000);
  const navigate = useNavigate();
  const may = useMay();
  const take = useTake();
  const [at, setAt] = useState(0);
  const active = Math.min(at, alerts.length - 1);
  const chosen = alerts[active];
  const list = t('keys.groupList');
  useKeys([
    {
      key: 'j',
      label: t('keys.next'),
      group: list,
      run: () => setAt(Math.min(alerts.length - 1, active + 1)),
    },
    {
      key: 'k',
      label: t('keys.previous'),
      group: list,
      run: () => setAt(Math.max(0, active - 1)),
    },
    {
      key: 'a',
      label: t('keys.acknowledge'),
      group: t('keys.groupAct'),
      run: () => chosen && may('alerts_handle') && !take.isPending && take.mutate(chosen),
    },
    {
      key: 'Enter',
      label: t('keys.open'),
      group: list,
      run: () => chosen && void navigate({ to: '/alerts/$id', params: { id: chosen.id } }),
    },
  ]);
  return (
    <Panel title={t('desk.criticalPanel')} count={count} tone="c-critical">
      {alerts.length === 0 && <Empty kind="nothing" title={t('desk.criticalNone')} />}
      {alerts.map((alert, index) => (
        // biome-ignore lint/a11y/noStaticElementInteractions: j and k choose the row, this follows the pointer
        <div
          key={alert.id}
          className={index === active ? 'drow tall on' : 'drow tall'}
          onMouseEnter={() => setAt(index)}
        >
          <span className="level">
            <Severity level={asLevel(alert.level)} />
          </span>
          <Link
            to="/alerts/$id"
            params={{ id: alert.id }}
            className="name strong cut"
            title={titleOf(alert, language)}
          >
            {titleOf(alert, language)}
          </Link>
          <span className="unit cut">{alert.unit?.name ?? alert.host ?? '–'}</span>
          <span className="end num">
            <Stamp
              at={alert.raised}
              className={
                alert.due && new Date(alert.due).getTime() < now ? 'c-critical' : undefined
              }
            >
              {age(alert.raised, now)}
            </Stamp>
          </span>
          <span className="end">
            {may('alerts_handle') && (
              <Button
                size="mid"
                look={index === active ? 'primary' : 'secondary'}
                shortcut={index === active ? 'A' : undefined}
                aria-label={`${t('act.acknowledge')}: ${titleOf(alert, language)}`}
                disabled={take.isPending}
                onClick={() => take.mutate(alert)}
              >
                {t('act.acknowledge')}
              </Button>
            )}
          </span>
        </div>
      ))}
    </Panel>
  );
}

function Hours({ hours }: { hours: Desk['hours'] }) {
  const { t } = useText();
  const labels = useMemo(
    () => hours.map((each) => t('desk.hour', { h: hour(each.hour) })),
    [hours, t],
  );
  const series = useMemo(
    () => [
      {
        name: t('desk.mediumDown'),
        token: '--chart-0',
        values: hours.map((each) => each.medium + each.low + each.informational),
      },
      { name: t('level.high'), token: '--high-fill', values: hours.map((each) => each.high) },
      {
        name: t('level.critical'),
        token: '--critical-fill',
        values: hours.map((each) => each.critical),
      },
    ],
    [hours, t],
  );
  const none = hours.every(
    (each) => each.critical + each.high + each.medium + each.low + each.informational === 0,
  );
  return (
    <section className="panel grow" aria-label={t('desk.hours')}>
      <div className="panel-head">
        <h2 style={{ font: 'inherit' }}>{t('desk.hours')}</h2>
        <span className="meta">{t('queue.col.spark')}</span>
      </div>
      {none ? (
        <Empty kind="nothing" title={t('desk.hoursNone')} />
      ) : (
        <div className="hours">
          <div className="hours-chart">
            <Chart
              labels={labels}
              series={series}
              height="fill"
              labelEvery={6}
              caption={t('desk.hours')}
            />
          </div>
          <div className="legend-row">
            <span>
              <Shape level="critical" />
              {t('level.critical')}
            </span>
            <span>
              <Shape level="high" />
              {t('level.high')}
            </span>
            <span>
              <i
                style={{ width: 10, height: 10, borderRadius: 2, background: 'var(--chart-0)' }}
                aria-hidden="true"
              />
              {t('desk.mediumDown')}
            </span>
          </div>
        </div>
      )}
    </section>
  );
}
