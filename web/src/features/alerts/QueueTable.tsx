import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useRef } from 'react';
import { useText } from '@/text/index.ts';
import { Deadline } from '@/ui/Deadline.tsx';
import { age, number, time, tooltipTime } from '@/ui/format.ts';
import { ChevronDownIcon, ChevronRightIcon, TickIcon, UpIcon } from '@/ui/icons.ts';
import { Check, Stamp } from '@/ui/parts.tsx';
import { asLevel, Severity } from '@/ui/Severity.tsx';
import { Spark } from '@/ui/Spark.tsx';
import { useNow } from '@/ui/useNow.ts';
import { type Alert, type Group, kStatusKeys, ruleTitle } from './model.ts';
import type { Sort } from './search.ts';

export type Row =
  | { kind: 'group'; id: string; group: Group }
  | { kind: 'alert'; id: string; group: Group; alert: Alert; last: boolean }
  | { kind: 'all'; id: string; group: Group };

type Props = {
  rows: Row[];
  active: number;
  open: ReadonlySet<string>;
  selected: ReadonlySet<string>;
  sort: Sort;
  dense: boolean;
  narrow: boolean;
  onActivate: (at: number) => void;
  onPeek: (at: number) => void;
  onToggle: (group: Group) => void;
  onSelect: (at: number, range: boolean) => void;
  onSelectAll: (on: boolean) => void;
  onSort: (sort: Sort) => void;
};

export function QueueTable(props: Props) {
  const { t } = useText();
  const { rows, active, narrow, dense } = props;
  const box = useRef<HTMLDivElement>(null);
  const heightOf = (row: Row | undefined) => {
    if (row?.kind === 'group') return narrow ? 64 : dense ? 28 : 36;
    return narrow ? 44 : 28;
  };
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: (at) => heightOf(rows[at]),
    getItemKey: (at) => rows[at]?.id ?? at,
    overscan: 12,
    scrollPaddingStart: narrow ? 0 : 32,
    initialRect: { width: 1000, height: 700 },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: sizes depend on these two alone
  useEffect(() => virtual.measure(), [narrow, dense]);
  useEffect(() => {
    if (active >= 0 && active < rows.length) virtual.scrollToIndex(active, { align: 'auto' });
  }, [active, rows.length, virtual]);

  const groups = rows.filter((row) => row.kind === 'group');
  const chosen = groups.filter((row) => props.selected.has(row.id)).length;
  return (
    <div
      ref={box}
      className="queue-table scroll"
      role="treegrid"
      aria-label={t('queue.title')}
      aria-rowcount={rows.length + 1}
      aria-multiselectable="true"
      aria-activedescendant={active >= 0 && rows[active] ? `row-${rows[active].id}` : undefined}
      tabIndex={0}
    >
      <div className="qhead qgrid" role="row" aria-rowindex={1}>
        <span role="columnheader">
          <Check
            label={t('queue.selectAll')}
            checked={groups.length > 0 && chosen === groups.length}
            indeterminate={chosen > 0 && chosen < groups.length}
            onChange={(event) => props.onSelectAll(event.target.checked)}
          />
        </span>
        <Head name={t('queue.col.level')} by="level" {...props} />
        <span role="columnheader" style={{ paddingLeft: 16 }}>
          {t('queue.col.rule')}
        </span>
        <span role="columnheader" className="col-unit">
          {t('queue.col.unit')}
        </span>
        <Head name={t('queue.col.count')} by="count" right {...props} />
        <span role="columnheader" className="col-spark">
          {t('queue.col.spark')}
        </span>
        <Head name={t('queue.col.latest')} by="newest" right {...props} />
        <Head name={t('queue.col.due')} by="due" right extra="col-due" {...props} />
      </div>
      <div role="rowgroup" style={{ position: 'relative', height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          const common = {
            at: item.index,
            top: item.start,
            height: item.size,
            on: item.index === active,
            onActivate: props.onActivate,
            onPeek: props.onPeek,
          };
          if (row.kind === 'group') {
            return (
              <GroupRow
                key={row.id}
                row={row}
                open={props.open.has(row.group.key)}
                selected={props.selected.has(row.id)}
                onToggle={props.onToggle}
                onSelect={props.onSelect}
                {...common}
              />
            );
          }
          if (row.kind === 'alert') return <AlertRow key={row.id} row={row} {...common} />;
          return (
            <div
              key={row.id}
              id={`row-${row.id}`}
              role="row"
              aria-rowindex={item.index + 2}
              className={`qrow qsub qgrid last${common.on ? ' on' : ''}`}
              style={{ transform: `translateY(${item.start}px)` }}
            >
              <span className="col-skip" />
              <span className="col-skip" />
              <span role="gridcell" style={{ paddingLeft: 16 }}>
                <button type="button" className="link" onClick={() => props.onPeek(item.index)}>
                  {t('queue.seeAll', { n: number(row.group.count) })}
                </button>
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Head({
  name,
  by,
  sort,
  onSort,
  right = false,
  extra = '',
}: {
  name: string;
  by: Sort;
  sort: Sort;
  onSort: (sort: Sort) => void;
  right?: boolean;
  extra?: string;
}) {
  const on = sort === by;
  return (
    <span
      role="columnheader"
      aria-sort={on ? (by === 'due' ? 'ascending' : 'descending') : 'none'}
      className={`${right ? 'right' : ''} ${extra}`}
    >
      <button type="button" className={on ? 'sorted' : ''} onClick={() => onSort(by)}>
        {on && (
          <UpIcon
            size={14}
            stroke={1.6}
            aria-hidden
            style={by === 'due' ? undefined : { transform: 'scaleY(-1)' }}
          />
        )}
        {name}
      </button>
    </span>
  );
}

type Common = {
  at: number;
  top: number;
  height: number;
  on: boolean;
  onActivate: (at: number) => void;
  onPeek: (at: number) => void;
};

const GroupRow = memo(function GroupRow({
  row,
  at,
  top,
  height,
  on,
  open,
  selected,
  onActivate,
  onPeek,
  onToggle,
  onSelect,
}: Common & {
  row: Extract<Row, { kind: 'group' }>;
  open: boolean;
  selected: boolean;
  onToggle: (group: Group) => void;
  onSelect: (at: number, range: boolean) => void;
}) {
  const { t, language } = useText();
  const now = useNow(10_000);
  const { group } = row;
  const level = asLevel(group.level);
  const name = ruleTitle(group, language);
  const taken = group.unacknowledged === 0;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid's keys open rows
    <div
      id={`row-${row.id}`}
      role="row"
      aria-rowindex={at + 2}
      aria-level={1}
      aria-selected={selected}
      aria-expanded={open}
      className={`qrow qgrid ${level}${on ? ' on' : ''}${open ? ' open' : ''}`}
      style={{ transform: `translateY(${top}px)`, height }}
      onMouseDown={() => onActivate(at)}
      onClick={(event) => {
        if (!(event.target as Element).closest('button,input,label')) onPeek(at);
      }}
    >
      <span role="gridcell" className="col-check">
        <Check
          label={t('queue.selectRow', { name })}
          checked={selected}
          onChange={(event) => onSelect(at, (event.nativeEvent as MouseEvent).shiftKey === true)}
        />
      </span>
      <span role="gridcell" className="col-level">
        <Severity level={level} />
      </span>
      <span role="gridcell" className="name col-name">
        <button
          type="button"
          className="expand"
          aria-label={t(open ? 'queue.collapseRow' : 'queue.expandRow', { name })}
          onClick={() => onToggle(group)}
        >
          {open ? (
            <ChevronDownIcon size={14} stroke={1.6} aria-hidden />
          ) : (
            <ChevronRightIcon size={14} stroke={1.6} aria-hidden />
          )}
        </button>
        <span className="cut" title={name}>
          {name}
        </span>
        {group.newest[0]?.kind === 'indicator' && (
          <span className="tag">{t('rules.kind.indicator')}</span>
        )}
        {taken && (
          <span className="state-word" style={{ display: 'inline-flex', gap: 4, marginLeft: 8 }}>
            <TickIcon size={14} stroke={1.6} aria-hidden style={{ marginTop: 3 }} />
            {t(
              kStatusKeys[
                group.newest.every((a) => a.status === 'closed') ? 'closed' : 'acknowledged'
              ],
            )}
          </span>
        )}
      </span>
      <span
        role="gridcell"
        className="unit cut col-unit"
        title={group.unit?.name ?? t('queue.noUnit')}
      >
        {group.unit?.name ?? '–'}
      </span>
      <span role="gridcell" className="count num right col-count">
        {number(group.count)}
      </span>
      <span role="gridcell" className="col-spark">
        <Spark bins={group.spark} critical={level === 'critical'} label={t('queue.sparkLabel')} />
      </span>
      <span role="gridcell" className="age num right col-age">
        <Stamp at={group.last}>{age(group.last, now)}</Stamp>
      </span>
      <span role="gridcell" className="right col-due">
        {group.due ? (
          <Deadline from={group.newest[0]?.raised ?? group.first} due={group.due} />
        ) : (
          <span className="dim">–</span>
        )}
      </span>
    </div>
  );
});

const AlertRow = memo(function AlertRow({
  row,
  at,
  top,
  height,
  on,
  onActivate,
  onPeek,
}: Common & { row: Extract<Row, { kind: 'alert' }> }) {
  const { t } = useText();
  const { alert } = row;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid's keys open rows
    <div
      id={`row-${row.id}`}
      role="row"
      aria-rowindex={at + 2}
      aria-level={2}
      aria-selected={on}
      className={`qrow qsub qgrid${row.last ? ' last' : ''}${on ? ' on' : ''}`}
      style={{ transform: `translateY(${top}px)`, height }}
      onMouseDown={() => onActivate(at)}
      onClick={() => onPeek(at)}
    >
      <span className="col-skip" />
      <span className="col-skip" />
      <span role="gridcell" className="line">
        <time className="num" dateTime={alert.last} title={tooltipTime(alert.last)}>
          {time(alert.last)}
        </time>
        <span className="who cut">{alert.host ?? '–'}</span>
        <span className="who cut addr">
          {alert.source_ip ?? alert.user_name ?? alert.key ?? ''}
        </span>
        <span className="cut" title={alert.summary}>
          {alert.summary || t('queue.events', { n: number(alert.count) })}
        </span>
      </span>
      <span role="gridcell" className="right state-word col-due">
        {alert.assignee?.name ?? t(kStatusKeys[alert.status])}
      </span>
    </div>
  );
});
