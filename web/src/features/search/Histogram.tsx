import { type FormEvent, useEffect, useMemo, useState } from 'react';
import { type TextKey, useText } from '@/text/index.ts';
import { Chart } from '@/ui/Chart.tsx';
import { dateTime, dayMonth, duration, minute } from '@/ui/format.ts';
import { CloseIcon } from '@/ui/icons.ts';
import { IconButton } from '@/ui/parts.tsx';
import { parseStamp } from './address.ts';
import type { Answer } from './queries.ts';
import { labelEvery } from './rows.ts';

type Data = NonNullable<Answer['histogram']>;

const kTokens = ['--chart-3', '--chart-4', '--chart-2'];
const kOutcomeKeys: Record<string, TextKey> = {
  failure: 'find.failure',
  success: 'find.success',
};

/** Events over time; a span is chosen by dragging over the bars or by typing it. */
export function Histogram({
  data,
  from,
  to,
  absolute,
  onSpan,
  onClear,
}: {
  data: Data;
  from: string;
  to: string;
  /** Whether the span was chosen here (and can be given up). */
  absolute: boolean;
  onSpan: (from: string, to: string) => void;
  onClear: () => void;
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
  const series = useMemo(() => {
    const split = data.split ?? [];
    const rest = data.counts.map((n, at) =>
      Math.max(0, n - split.reduce((sum, each) => sum + (each.counts[at] ?? 0), 0)),
    );
    const hasRest = rest.some((n) => n > 0);
    let other = 0;
    // The failures are the question: accent, on top of the background series.
    const named = split.map((each) => ({
      name: kOutcomeKeys[each.value] ? t(kOutcomeKeys[each.value] as TextKey) : each.value,
      token:
        each.value === 'failure'
          ? '--chart-1'
          : each.value === 'success'
            ? hasRest
              ? '--chart-2'
              : '--chart-0'
            : (kTokens[other++ % kTokens.length] ?? '--chart-2'),
      values: each.counts,
    }));
    named.sort((a, b) => Number(a.token === '--chart-1') - Number(b.token === '--chart-1'));
    if (hasRest || named.length === 0) {
      named.unshift({
        name: named.length === 0 ? t('find.events') : t('find.rest'),
        token: '--chart-0',
        values: rest,
      });
    }
    return named;
  }, [data, t]);
  const caption = t('find.perSpan', { span: duration(data.step_ms) });
  return (
    <div className="histo">
      <div className="histo-head">
        <b>{caption}</b>
        {series.length > 1 &&
          [...series].reverse().map((each) => (
            <span key={each.name} className="key">
              <i style={{ background: `var(${each.token})` }} aria-hidden="true" />
              {each.name}
            </span>
          ))}
        <Span from={from} to={to} absolute={absolute} onSpan={onSpan} onClear={onClear} />
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
  onSpan,
  onClear,
}: {
  from: string;
  to: string;
  absolute: boolean;
  onSpan: (from: string, to: string) => void;
  onClear: () => void;
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
  return (
    <form className="span" onSubmit={send}>
      <span>{absolute ? t('find.chosen') : t('find.span')}</span>
      <input
        aria-label={t('find.from')}
        aria-invalid={a === null}
        value={first}
        onChange={(event) => setFirst(event.target.value)}
      />
      <span>{t('find.to')}</span>
      <input
        aria-label={t('find.until')}
        aria-invalid={b === null || (a !== null && a >= b)}
        value={last}
        onChange={(event) => setLast(event.target.value)}
      />
      <button type="submit" className="sr" tabIndex={-1} disabled={!fine}>
        {t('find.go')}
      </button>
      {absolute && (
        <IconButton label={t('find.clearSpan')} onClick={onClear} style={{ width: 24, height: 24 }}>
          <CloseIcon size={14} stroke={1.6} aria-hidden />
        </IconButton>
      )}
    </form>
  );
}
