// Stacked bars or lines over time. ECharts draws them, in SVG and without animation; a table twin carries the
// same numbers for screen readers. A span is chosen by dragging, or by typing where the page offers it.
import { type PointerEvent, useEffect, useRef, useState } from 'react';
import { useText } from '@/text/index.ts';
import { number } from '@/ui/format.ts';
import { useTheme } from '@/ui/theme.ts';

export type Series = { name: string; token: string; values: number[] };

type Props = {
  labels: string[];
  series: Series[];
  /** Pixels, or 'fill' to take the height of the box around it. */
  height: number | 'fill';
  /** Every how many bars the axis carries a label. */
  labelEvery: number;
  caption: string;
  /** Stacked bars, or lines beside one another. */
  kind?: 'bar' | 'line';
  selected?: { from: number; to: number } | undefined;
  onSelect?: ((from: number, to: number) => void) | undefined;
};

type Engine = typeof import('./chartEngine.ts');
type Instance = ReturnType<Engine['init']>;

const kFill = { height: '100%', minHeight: 0 } as const;
const kLeft = 44;
const kRight = 0;

export function Chart({
  labels,
  series,
  height,
  labelEvery,
  caption,
  kind = 'bar',
  selected,
  onSelect,
}: Props) {
  const { t } = useText();
  const theme = useTheme();
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<Instance | null>(null);
  const [engine, setEngine] = useState<Engine | null>(null);
  const [failed, setFailed] = useState(false);
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);

  useEffect(() => {
    let live = true;
    import('./chartEngine.ts').then(
      (loaded) => live && setEngine(loaded),
      () => live && setFailed(true),
    );
    return () => {
      live = false;
    };
  }, []);

  useEffect(() => {
    const host = box.current;
    if (!engine || !host) return;
    const made = engine.init(host, null, { renderer: 'svg' });
    chart.current = made;
    const watch = new ResizeObserver(() => made.resize());
    watch.observe(host);
    return () => {
      watch.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, [engine]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the theme changes the tokens read here
  useEffect(() => {
    if (!engine || !chart.current) return;
    const style = getComputedStyle(document.documentElement);
    const token = (name: string) => style.getPropertyValue(name).trim();
    const text = { color: token('--dim'), fontSize: 11, fontFamily: token('--sans') };
    chart.current.setOption(
      {
        animation: false,
        aria: { enabled: false },
        grid: { left: kLeft, right: kRight, top: 6, bottom: 20 },
        tooltip: {
          trigger: 'axis',
          confine: true,
          backgroundColor: token('--panel'),
          borderColor: token('--line2'),
          padding: [6, 10],
          textStyle: { color: token('--text'), fontSize: 12, fontFamily: token('--sans') },
          axisPointer: { type: 'shadow', shadowStyle: { color: token('--hover'), opacity: 0.6 } },
          valueFormatter: (value: unknown) => number(Number(value)),
          transitionDuration: 0,
        },
        xAxis: {
          type: 'category',
          data: labels,
          axisLine: { lineStyle: { color: token('--line2') } },
          axisTick: { show: false },
          axisLabel: {
            ...text,
            interval: (at: number) => at % labelEvery === 0,
            hideOverlap: true,
            showMinLabel: true,
          },
        },
        yAxis: {
          type: 'value',
          splitNumber: 2,
          minInterval: 1,
          axisLabel: { ...text, formatter: (value: number) => number(value) },
          splitLine: { lineStyle: { color: token('--line') } },
        },
        series: series.map((each) =>
          kind === 'line'
            ? {
                type: 'line',
                name: each.name,
                data: each.values,
                showSymbol: labels.length < 3,
                lineStyle: { width: 2, color: token(each.token) },
                itemStyle: { color: token(each.token) },
                emphasis: { disabled: true },
              }
            : {
                type: 'bar',
                name: each.name,
                stack: 'all',
                data: each.values,
                barCategoryGap: labels.length > 48 ? '14%' : '18%',
                itemStyle: { color: token(each.token) },
                emphasis: { disabled: true },
              },
        ),
      },
      { notMerge: true },
    );
  }, [engine, theme, labels, series, labelEvery, kind]);

  const place = (event: PointerEvent<HTMLDivElement>) => {
    const rect = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - rect.left - kLeft) / (rect.width - kLeft - kRight);
    return Math.min(labels.length - 1, Math.max(0, Math.floor(share * labels.length)));
  };

  const span = drag
    ? { from: Math.min(drag.from, drag.to), to: Math.max(drag.from, drag.to) }
    : selected;

  const handlers = onSelect && {
    onPointerDown: (event: PointerEvent<HTMLDivElement>) => {
      event.currentTarget.setPointerCapture(event.pointerId);
      const at = place(event);
      setDrag({ from: at, to: at });
    },
    onPointerMove: (event: PointerEvent<HTMLDivElement>) => {
      if (drag) setDrag({ from: drag.from, to: place(event) });
    },
    onPointerUp: () => {
      if (span && drag) onSelect(span.from, span.to);
      setDrag(null);
    },
    onPointerCancel: () => setDrag(null),
  };

  return (
    <figure style={{ position: 'relative', ...(height === 'fill' ? kFill : {}) }}>
      <figcaption className="sr">{caption}</figcaption>
      <div
        aria-hidden="true"
        style={{
          touchAction: 'pan-y',
          cursor: onSelect ? 'col-resize' : undefined,
          ...(height === 'fill' ? kFill : {}),
        }}
        {...handlers}
      >
        <div ref={box} style={height === 'fill' ? kFill : { height }}>
          {failed && <span className="meta">{t('chart.failed')}</span>}
        </div>
      </div>
      {span && labels.length > 0 && (
        <div
          aria-hidden="true"
          style={{
            position: 'absolute',
            top: 0,
            bottom: 20,
            left: `calc(${kLeft}px + (100% - ${kLeft + kRight}px) * ${span.from / labels.length})`,
            width: `calc((100% - ${kLeft + kRight}px) * ${(span.to - span.from + 1) / labels.length})`,
            background: 'color-mix(in srgb, var(--accent) 9%, transparent)',
            borderInline: '1px solid var(--accent)',
            pointerEvents: 'none',
          }}
        />
      )}
      <table className="sr">
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{t('chart.time')}</th>
            {series.map((each) => (
              <th scope="col" key={each.name}>
                {each.name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {labels.map((label, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place
            <tr key={at}>
              <th scope="row">{label}</th>
              {series.map((each) => (
                <td key={each.name}>{number(each.values[at] ?? 0)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
}
