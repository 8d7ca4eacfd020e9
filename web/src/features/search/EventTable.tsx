import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef } from 'react';
import { type TextKey, useText } from '@/text/index.ts';
import { dateTime, number, sameDay, timeMillis, tooltipTime } from '@/ui/format.ts';
import { ChevronDownIcon, ChevronRightIcon, DownIcon } from '@/ui/icons.ts';
import { Button } from '@/ui/parts.tsx';
import { useNow } from '@/ui/useNow.ts';
import { cellText, columnText, type EventRow, template } from './rows.ts';

const kColumnKeys: Record<string, TextKey> = {
  'host.name': 'field.host',
  'user.name': 'field.user',
  'source.ip': 'field.sourceIp',
  'destination.ip': 'field.destinationIp',
  'event.action': 'field.action',
  'event.outcome': 'field.outcome',
  message: 'field.message',
};

const kOutcomeKeys: Record<string, TextKey> = {
  success: 'find.success',
  failure: 'find.failure',
};

/** Words for people in the text face, values of machines in the monospace one. */
function lookOf(column: string, text: string): string {
  if (column === 'message') return 'value';
  if (column === 'event.action') return 'value mono dim';
  if (column !== 'event.outcome') return 'value mono';
  return text === 'success' ? 'value strong outcome' : 'value dim';
}

const kRow = 28;
const kAhead = 40;

/** Event rows, newest first. A value opens the pivot menu; an opened row shows all its fields. */
export function EventTable({
  rows,
  columns,
  total,
  active,
  open,
  hasMore,
  failed,
  onRetry,
  onActivate,
  onToggle,
  onPivot,
  onMore,
  onJudge,
}: {
  rows: EventRow[];
  columns: string[];
  total: number;
  active: number;
  open: ReadonlySet<string>;
  hasMore: boolean;
  /** The next page did not come; it is asked for again by hand. */
  failed: boolean;
  onRetry: () => void;
  onActivate: (at: number) => void;
  onToggle: (at: number) => void;
  onPivot: (element: HTMLElement, field: string, value: string) => void;
  onMore: () => void;
  /** Asks whether a rule would match this event; absent where the right is missing. */
  onJudge?: ((id: string) => void) | undefined;
}) {
  const { t } = useText();
  const now = useNow(60_000);
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => kRow,
    getItemKey: (at) => cellText(rows[at]?._id) || at,
    overscan: 16,
    scrollPaddingStart: 32,
    initialRect: { width: 1000, height: 600 },
  });
  useEffect(() => {
    if (active >= 0) virtual.scrollToIndex(active, { align: 'auto' });
  }, [active, virtual]);
  const items = virtual.getVirtualItems();
  const lastShown = items[items.length - 1]?.index ?? 0;
  useEffect(() => {
    if (hasMore && lastShown >= rows.length - kAhead) onMore();
  }, [hasMore, lastShown, rows.length, onMore]);
  const grid = {
    gridTemplateColumns: template(columns),
    // Wider than a phone: the table scrolls sideways, the page does not.
    minWidth: 200 + columns.length * 130,
  };
  return (
    <div
      ref={box}
      className="erows scroll"
      role="table"
      aria-label={t('find.events')}
      aria-rowcount={total + 1}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable
      tabIndex={0}
    >
      <div className="ehead egrid" role="row" aria-rowindex={1} style={grid}>
        <span role="columnheader">
          <span className="sr">{t('find.openRow')}</span>
        </span>
        <span
          role="columnheader"
          aria-sort="descending"
          className="strong"
          style={{ display: 'inline-flex', gap: 4, alignItems: 'center' }}
        >
          {t('chart.time')}
          <DownIcon size={14} stroke={1.6} aria-hidden />
        </span>
        {columns.map((name) => (
          <span key={name} role="columnheader" className="cut" title={name}>
            {kColumnKeys[name] ? t(kColumnKeys[name]) : name}
          </span>
        ))}
      </div>
      <div role="rowgroup" style={{ position: 'relative', height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          const stamp = cellText(row['@timestamp']);
          const opened = open.has(cellText(row._id) || String(item.index));
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: j, k and Enter do the same
            <div
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              role="row"
              aria-rowindex={item.index + 2}
              className={item.index === active ? 'erow on' : 'erow'}
              style={{ transform: `translateY(${item.start}px)` }}
              onClick={() => onActivate(item.index)}
            >
              <div className="egrid" style={grid}>
                <span role="cell">
                  <button
                    type="button"
                    className="fold"
                    aria-expanded={opened}
                    aria-label={t('find.openRow')}
                    onClick={() => onToggle(item.index)}
                  >
                    {opened ? (
                      <ChevronDownIcon size={14} stroke={1.6} aria-hidden />
                    ) : (
                      <ChevronRightIcon size={14} stroke={1.6} aria-hidden />
                    )}
                  </button>
                </span>
                <time role="cell" className="when mono" dateTime={stamp} title={tooltipTime(stamp)}>
                  {sameDay(stamp || now, now)
                    ? timeMillis(stamp)
                    : dateTime(stamp).slice(0, 5) + timeMillis(stamp).slice(0, 8).padStart(9)}
                </time>
                {columns.map((name) => {
                  const text = columnText(row, name);
                  return (
                    <span key={name} role="cell" className="cell">
                      {text ? (
                        <button
                          type="button"
                          className={lookOf(name, text)}
                          title={text}
                          data-pivot
                          onClick={(event) => onPivot(event.currentTarget, name, text)}
                        >
                          {name === 'event.outcome' && kOutcomeKeys[text]
                            ? t(kOutcomeKeys[text])
                            : text}
                        </button>
                      ) : (
                        <span className="dim">–</span>
                      )}
                    </span>
                  );
                })}
              </div>
              {opened && (
                <div role="cell">
                  {onJudge && cellText(row._id) && (
                    <p className="judge">
                      <Button size="mid" onClick={() => onJudge(cellText(row._id))}>
                        {t('explain.try')}
                      </Button>
                    </p>
                  )}
                  <dl className="facts detail">
                    {Object.entries(row)
                      .filter(([name]) => !name.startsWith('_'))
                      .map(([name, value]) => (
                        <div key={name} style={{ display: 'contents' }}>
                          <dt className="mono">{name}</dt>
                          <dd>
                            <button
                              type="button"
                              className="value mono"
                              data-pivot
                              onClick={(event) =>
                                onPivot(event.currentTarget, name, cellText(value))
                              }
                            >
                              {cellText(value) || '""'}
                            </button>
                          </dd>
                        </div>
                      ))}
                  </dl>
                </div>
              )}
            </div>
          );
        })}
      </div>
      {hasMore && !failed && (
        <p className="meta" style={{ padding: 12 }}>
          {t('find.more', { n: number(rows.length) })}
        </p>
      )}
      {failed && (
        <p className="c-high morefailed" role="alert">
          {t('find.moreFailed')}{' '}
          <Button size="mid" onClick={onRetry}>
            {t('state.retry')}
          </Button>
        </p>
      )}
    </div>
  );
}
