// The table that a query's pipes make, as bars beside the words or as lines over time. The table itself
// is the twin for whoever does not see the drawing.
import { useMemo } from 'react';
import { useText } from '@/text/index.ts';
import { Chart } from '@/ui/Chart.tsx';
import { dateTime, dayMonth, minute, number } from '@/ui/format.ts';
import { Empty } from '@/ui/states.tsx';
import { cellText, type EventRow, filled, labelEvery, shapeOf } from './rows.ts';

const kBarsMax = 100;
const kLinesMax = 5;
const kTokens = ['--chart-1', '--chart-2', '--chart-3', '--chart-4', '--chart-0'];

type Props = {
  columns: string[];
  rows: EventRow[];
  onPivot: (element: HTMLElement, field: string, value: string, count?: number) => void;
};

const show = (value: unknown) =>
  typeof value === 'number' ? number(value, Number.isInteger(value) ? 0 : 2) : '–';

/** One line a row: its words, the bar of the first figure, the other figures. */
export function StatsBars({ columns, rows, onPivot }: Props) {
  const { t } = useText();
  const { names, numeric } = useMemo(() => shapeOf(columns, rows), [columns, rows]);
  const measure = numeric[0];
  if (!measure) {
    return <Empty kind="nothing" title={t('find.noFigure')} detail={t('find.noFigureHelp')} />;
  }
  const of = (row: EventRow, name: string) => Number(row[name] ?? 0);
  const max = Math.max(...rows.map((row) => of(row, measure)), 0);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable
    <div className="erows scroll bars" tabIndex={0}>
      <table>
        <caption className="sr">{t('find.stats')}</caption>
        <thead>
          <tr>
            <th scope="col">{names.join(', ') || t('find.stats')}</th>
            <th scope="col" aria-hidden="true" />
            {numeric.map((name) => (
              <th scope="col" key={name} className="right">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, kBarsMax).map((row, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the rows of one answer do not move
            <tr key={at}>
              <th scope="row">
                {names.map((name) => {
                  const text = cellText(row[name]);
                  return (
                    <button
                      key={name}
                      type="button"
                      className="value mono"
                      title={`${name}: ${text}`}
                      data-pivot
                      onClick={(event) => onPivot(event.currentTarget, name, text)}
                    >
                      {/^\d{4}-\d\d-\d\dT/.test(text) ? dateTime(text) : text || '–'}
                    </button>
                  );
                })}
              </th>
              <td className="track" aria-hidden="true">
                <i style={{ width: `${max > 0 ? (of(row, measure) / max) * 100 : 0}%` }} />
              </td>
              {numeric.map((name) => (
                <td key={name} className="right num">
                  {show(row[name])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > kBarsMax && (
        <p className="meta" style={{ padding: 12 }}>
          {t('find.barsMore', { n: number(kBarsMax), all: number(rows.length) })}
        </p>
      )}
    </div>
  );
}

/** Figures over the rows in their order; over time when the first column is one. */
export function StatsLines({ columns, rows }: Omit<Props, 'onPivot'>) {
  const { t } = useText();
  const drawn = useMemo(() => {
    const { names, numeric, times } = shapeOf(columns, rows);
    const first = names[0];
    const measure = numeric[0];
    if (!first || !measure) return null;
    const second = names[1];
    const label = (row: EventRow) => cellText(row[first]);
    const seen = [...new Set(rows.map(label))];
    const marks = times ? filled(seen) : seen;
    const place = new Map(marks.map((mark, at) => [mark, at]));
    const lines = new Map<string, number[]>();
    const add = (name: string, at: number, value: number) => {
      let values = lines.get(name);
      if (!values) {
        values = new Array<number>(marks.length).fill(0);
        lines.set(name, values);
      }
      values[at] = (values[at] ?? 0) + value;
    };
    for (const row of rows) {
      const at = place.get(label(row)) ?? 0;
      if (second) add(cellText(row[second]) || '–', at, Number(row[measure] ?? 0));
      else for (const name of numeric) add(name, at, Number(row[name] ?? 0));
    }
    const sum = (values: number[]) => values.reduce((all, one) => all + one, 0);
    const sorted = [...lines].sort((a, b) => sum(b[1]) - sum(a[1]));
    const long =
      times &&
      new Date(marks[marks.length - 1] ?? 0).getTime() - new Date(marks[0] ?? 0).getTime() >
        26 * 3_600_000;
    return {
      labels: marks.map((mark) =>
        times ? (long ? `${dayMonth(mark)} ${minute(mark)}` : minute(mark)) : mark || '–',
      ),
      series: sorted.slice(0, kLinesMax).map(([name, values], at) => ({
        name,
        token: kTokens[at] ?? '--chart-0',
        values,
      })),
      left: sorted.length - kLinesMax,
      caption: `${second ? measure : numeric.join(', ')} / ${first}`,
    };
  }, [columns, rows]);
  if (!drawn) {
    return <Empty kind="nothing" title={t('find.noLine')} detail={t('find.noLineHelp')} />;
  }
  return (
    <div className="lines">
      <div className="histo-head">
        <b>{drawn.caption}</b>
        {drawn.series.map((each) => (
          <span key={each.name} className="key" title={each.name}>
            <i style={{ background: `var(${each.token})` }} aria-hidden="true" />
            <span className="cut">{each.name}</span>
          </span>
        ))}
        {drawn.left > 0 && (
          <span className="meta">{t('find.linesMore', { n: number(drawn.left) })}</span>
        )}
      </div>
      <div className="lines-box">
        <Chart
          kind="line"
          labels={drawn.labels}
          series={drawn.series}
          height="fill"
          labelEvery={labelEvery(drawn.labels.length)}
          caption={drawn.caption}
        />
      </div>
    </div>
  );
}
