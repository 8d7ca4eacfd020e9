import { type FormEvent, useEffect, useMemo, useState } from 'react';
import { type TextKey, type Translate, useText } from '@/text/index.ts';
import { Chart, type Series } from '@/ui/Chart.tsx';
import { dateTime, dayMonth, duration, minute } from '@/ui/format.ts';
import { BackIcon, ChevronDownIcon, CloseIcon, ZoomInIcon, ZoomOutIcon } from '@/ui/icons.ts';
import { Menu } from '@/ui/Menu.tsx';
import { IconButton } from '@/ui/parts.tsx';
import { parseStamp } from './address.ts';
import type { Answer } from './queries.ts';
import { labelEvery } from './rows.ts';

type Data = NonNullable<Answer['histogram']>;

const kSmall = { size: 14, stroke: 1.6, 'aria-hidden': true } as const;
const kTokens = ['--chart-1', '--chart-2', '--chart-3', '--chart-4'];
const kOutcomeKeys: Record<string, TextKey> = {
  failure: 'find.failure',
  success: 'find.success',
};
const kSyslogKeys: TextKey[] = [
  'find.syslog.0',
  'find.syslog.1',
  'find.syslog.2',
  'find.syslog.3',
  'find.syslog.4',
  'find.syslog.5',
  'find.syslog.6',
  'find.syslog.7',
];
const kSyslogTokens = [
  '--critical-fill',
  '--critical-fill',
  '--critical-fill',
  '--high-fill',
  '--medium-fill',
  '--chart-2',
  '--chart-0',
  '--chart-4',
];
const kSeverity = 'log.syslog.severity.code';
/** What the bars may be split by. */
const kSplits: { field: string; label: TextKey }[] = [
  { field: 'event.outcome', label: 'field.outcome' },
  { field: kSeverity, label: 'find.split.severity' },
  { field: 'gac.source', label: 'find.split.source' },
  { field: 'event.category', label: 'find.split.category' },
  { field: '', label: 'find.split.none' },
];

/** Background first, what must be looked at last: it stands on top. */
function seriesOf(data: Data, split: string, t: Translate): Series[] {
  // As many series as there are colours; what is rarer stands with the rest.
  const all = data.split ?? [];
  const parts =
    split === 'event.outcome' || split === kSeverity ? all : all.slice(0, kTokens.length);
  const rest = data.counts.map((n, at) =>
    Math.max(0, n - parts.reduce((sum, each) => sum + (each.counts[at] ?? 0), 0)),
  );
  const out: (Series & { rank: number })[] = parts.map((each, at) => {
    const values = each.counts;
    if (split === 'event.outcome') {
      const key = kOutcomeKeys[each.value];
      const failed = each.value === 'failure';
      const token = failed ? '--chart-1' : each.value === 'success' ? '--chart-0' : '--chart-3';
      return { name: key ? t(key) : each.value, token, values, rank: failed ? 9 : 1 + at };
    }
    const code = Number(each.value);
    if (split === kSeverity && kSyslogKeys[code]) {
      const token = kSyslogTokens[code] ?? '--chart-2';
      return { name: t(kSyslogKeys[code]), token, values, rank: 9 - code };
    }
    return {
      name: each.value === '' ? '""' : each.value,
      token: kTokens[at % kTokens.length] ?? '--chart-2',
      values,
      rank: 9 - at,
    };
  });
  if (rest.some((n) => n > 0) || out.length === 0) {
    const taken = out.some((each) => each.token === '--chart-0');
    out.push({
      name: out.length === 0 ? t('find.events') : t('find.rest'),
      token: taken ? '--chart-2' : '--chart-0',
      values: rest,
      rank: 0,
    });
  }
  return out.sort((a, b) => a.rank - b.rank).map(({ rank, ...series }) => series);
}

/** Events over time; a span is chosen by dragging over the bars or by typing it. */
export function Histogram({
  data,
  split,
  from,
  to,
  absolute,
  canBack,
  onSpan,
  onClear,
  onWiden,
  onBack,
  onSplit,
}: {
  data: Data;
  split: string;
  from: string;
  to: string;
  /** Whether the span was chosen here (and can be given up). */
  absolute: boolean;
  canBack: boolean;
  onSpan: (from: string, to: string) => void;
  onClear: () => void;
  onWiden: (factor: number) => void;
  /** To the span before. */
  onBack: () => void;
  onSplit: (field: string) => void;
}) {
  const { t } = useText();
  const start = new Date(data.from).getTime();
  const long = data.step_ms * data.counts.length > 26 * 3_600_000;
  const labels = useMemo(
    () =>
      data.counts.map((_, at) => {
        const when = start + at * data.step_ms;
        return long ? `${dayMonth(when)} ${minute(when)}` : minute(when);
      }),
    [data, start, long],
  );
  const series = useMemo(() => seriesOf(data, split, t), [data, split, t]);
  const caption = t('find.perSpan', { span: duration(data.step_ms) });
  const chosen = kSplits.find((each) => each.field === split);
  return (
    <div className="histo">
      <div className="histo-head">
        <b>{caption}</b>
        <Menu
          width={220}
          head={<p className="menu-label">{t('find.split')}</p>}
          trigger={
            <button type="button" className="link splitby" aria-label={t('find.split')}>
              {chosen ? t(chosen.label) : split}
              <ChevronDownIcon {...kSmall} />
            </button>
          }
          entries={kSplits.map((each) => ({
            label: t(each.label),
            chosen: each.field === split,
            run: () => onSplit(each.field),
          }))}
        />
        {series.length > 1 &&
          [...series].reverse().map((each) => (
            <span key={each.name} className="key" title={each.name}>
              <i style={{ background: `var(${each.token})` }} aria-hidden="true" />
              <span className="cut">{each.name}</span>
            </span>
          ))}
        <Span
          from={from}
          to={to}
          absolute={absolute}
          canBack={canBack}
          onSpan={onSpan}
          onClear={onClear}
          onWiden={onWiden}
          onBack={onBack}
        />
      </div>
      <Chart
        labels={labels}
        series={series}
        height={124}
        labelEvery={labelEvery(labels.length)}
        caption={caption}
        onSelect={(first, last) =>
          onSpan(
            new Date(start + first * data.step_ms).toISOString(),
            new Date(start + (last + 1) * data.step_ms).toISOString(),
          )
        }
      />
    </div>
  );
}

function Span({
  from,
  to,
  absolute,
  canBack,
  onSpan,
  onClear,
  onWiden,
  onBack,
}: {
  from: string;
  to: string;
  absolute: boolean;
  canBack: boolean;
  onSpan: (from: string, to: string) => void;
  onClear: () => void;
  onWiden: (factor: number) => void;
  onBack: () => void;
}) {
  const { t } = useText();
  const [first, setFirst] = useState(dateTime(from));
  const [last, setLast] = useState(dateTime(to));
  useEffect(() => {
    setFirst(dateTime(from));
    setLast(dateTime(to));
  }, [from, to]);
  const a = parseStamp(first);
  const b = parseStamp(last);
  const fine = a !== null && b !== null && a < b;
  const changed = first !== dateTime(from) || last !== dateTime(to);
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (fine && changed) onSpan(a, b);
  };
  const fault = a === null || b === null ? t('find.spanForm') : a >= b ? t('find.fault.span') : '';
  return (
    <form className="span" onSubmit={send} title={fault || undefined}>
      {canBack && (
        <IconButton label={t('find.zoomBack')} className="small" onClick={onBack}>
          <BackIcon {...kSmall} />
        </IconButton>
      )}
      <IconButton label={t('find.zoomOut')} className="small" onClick={() => onWiden(2)}>
        <ZoomOutIcon {...kSmall} />
      </IconButton>
      <IconButton label={t('find.zoomIn')} className="small" onClick={() => onWiden(0.5)}>
        <ZoomInIcon {...kSmall} />
      </IconButton>
      <span className="said">{absolute ? t('find.chosen') : t('find.span')}</span>
      <input
        aria-label={t('find.from')}
        aria-invalid={a === null}
        placeholder="dd/MM/yyyy HH:mm:ss"
        value={first}
        onChange={(event) => setFirst(event.target.value)}
      />
      <span>{t('find.to')}</span>
      <input
        aria-label={t('find.until')}
        aria-invalid={b === null || (a !== null && a >= b)}
        placeholder="dd/MM/yyyy HH:mm:ss"
        value={last}
        onChange={(event) => setLast(event.target.value)}
      />
      <button type="submit" className="sr" tabIndex={-1} disabled={!fine}>
        {t('find.go')}
      </button>
      {absolute && (
        <IconButton label={t('find.clearSpan')} className="small" onClick={onClear}>
          <CloseIcon {...kSmall} />
        </IconButton>
      )}
      {fault && (
        <span className="sr" role="status">
          {fault}
        </span>
      )}
    </form>
  );
}
