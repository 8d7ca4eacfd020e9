// A plain list as a table: sticky head, sorting by head, virtual rows, one row opened at a time, keys
// j, k and Enter. Order and sort state come from TanStack Table, drawing is ours.
import {
  type ColumnDef,
  createSortedRowModel,
  rowSortingFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table';
import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useMemo, useRef, useState } from 'react';
import { useText } from '@/text/index.ts';
import { collator } from '@/ui/format.ts';
import { UpIcon } from '@/ui/icons.ts';
import { useKeys } from '@/ui/keys.ts';
import './table.css';

export type Column<T> = {
  id: string;
  name: string;
  width: string;
  right?: boolean;
  /** What the column sorts by; without it the column does not sort. */
  sort?: (row: T) => string | number;
  cell: (row: T) => ReactNode;
  /** Dropped first when the place is narrow: 1 goes first. */
  drop?: 1 | 2 | 3;
};

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
});

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return collator.compare(String(a), String(b));
}

export function Table<T extends object>({
  label,
  rows,
  rowKey,
  columns,
  detail,
  initialOpen = null,
  chosen,
  onChoose,
}: {
  label: string;
  rows: T[];
  rowKey: (row: T) => string;
  columns: Column<T>[];
  /** What an opened row shows under itself. */
  detail?: (row: T) => ReactNode;
  initialOpen?: string | null;
  /** Which row is shown beside the list; then j and k take the panel along. */
  chosen?: (row: T) => boolean;
  /** What a click and Enter do instead of opening the row; null closes the panel. */
  onChoose?: (row: T | null) => void;
}) {
  const { t } = useText();
  const defs = useMemo(
    () =>
      columns.map(
        (column): ColumnDef<typeof features, T> => ({
          id: column.id,
          accessorFn: (row: T) => column.sort?.(row) ?? '',
          enableSorting: column.sort !== undefined,
          sortDescFirst: column.right === true,
          sortFn: (a, b, id) => compare(a.getValue(id), b.getValue(id)),
        }),
      ),
    [columns],
  );
  const table = useTable({ features, columns: defs, data: rows, getRowId: rowKey });
  const sorted = table.getRowModel().rows;
  const sorting = table.state.sorting[0];
  const [active, setActive] = useState(-1);
  const [open, setOpen] = useState<string | null>(initialOpen);
  const box = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => box.current,
    estimateSize: () => 36,
    getItemKey: (at) => sorted[at]?.id ?? at,
    overscan: 12,
    scrollPaddingStart: 32,
    initialRect: { width: 1000, height: 700 },
  });
  const go = (at: number) => {
    const next = Math.min(sorted.length - 1, Math.max(0, at));
    setActive(next);
    virtual.scrollToIndex(next, { align: 'auto' });
    const row = sorted[next]?.original;
    if (row && onChoose && sorted.some((each) => chosen?.(each.original))) onChoose(row);
  };
  const toggle = (id: string | undefined) => {
    if (detail && id !== undefined) setOpen(open === id ? null : id);
    const row = sorted.find((each) => each.id === id)?.original;
    if (onChoose && row) onChoose(chosen?.(row) ? null : row);
  };
  const list = t('keys.groupList');
  useKeys([
    { key: 'j', label: t('keys.next'), group: list, run: () => go(active + 1) },
    { key: 'k', label: t('keys.previous'), group: list, run: () => go(active - 1) },
    {
      key: 'Enter',
      label: detail || onChoose ? t('keys.open') : '',
      group: list,
      run: () => toggle(sorted[active]?.id),
    },
    ...(onChoose
      ? [
          {
            key: 'Space',
            label: t('keys.peek'),
            group: list,
            run: () => toggle(sorted[active]?.id),
          },
        ]
      : []),
  ]);
  const grid = {
    '--cols': columns.map((column) => column.width).join(' '),
    '--cols-3': columns
      .filter((c) => c.drop !== 1)
      .map((c) => c.width)
      .join(' '),
    '--cols-2': columns
      .filter((c) => !c.drop || c.drop === 3)
      .map((c) => c.width)
      .join(' '),
    '--cols-1': columns
      .filter((c) => !c.drop)
      .map((c) => c.width)
      .join(' '),
  } as React.CSSProperties;
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: both roles take a label and a row count
    <div
      ref={box}
      className="list scroll"
      style={grid}
      role={detail ? 'treegrid' : onChoose ? 'grid' : 'table'}
      aria-label={label}
      aria-rowcount={sorted.length + 1}
      tabIndex={0}
    >
      <div className="lhead lgrid" role="row" aria-rowindex={1}>
        {columns.map((column) => {
          const on = sorting?.id === column.id;
          const className = `${column.right ? 'right ' : ''}${column.drop ? `drop-${column.drop}` : ''}`;
          return (
            <span
              key={column.id}
              role="columnheader"
              className={className}
              aria-sort={on ? (sorting.desc ? 'descending' : 'ascending') : undefined}
            >
              {column.sort ? (
                <button
                  type="button"
                  className={on ? 'sorted' : ''}
                  onClick={() => table.getColumn(column.id)?.toggleSorting()}
                >
                  {on && (
                    <UpIcon
                      size={14}
                      stroke={1.6}
                      aria-hidden
                      style={sorting.desc ? { transform: 'scaleY(-1)' } : undefined}
                    />
                  )}
                  {column.name}
                </button>
              ) : (
                column.name
              )}
            </span>
          );
        })}
      </div>
      <div role="rowgroup" style={{ position: 'relative', height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const row = sorted[item.index];
          if (!row) return null;
          const opened = open === row.id;
          const on = onChoose ? chosen?.(row.original) : item.index === active;
          const here = item.index === active;
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: j, k and Enter do the same
            <div
              key={row.id}
              ref={virtual.measureElement}
              data-index={item.index}
              role="row"
              aria-rowindex={item.index + 2}
              aria-expanded={detail ? opened : undefined}
              aria-selected={onChoose ? Boolean(on) : undefined}
              className={`lrow${on ? ' on' : ''}${here ? ' here' : ''}${opened ? ' open' : ''}`}
              style={{ transform: `translateY(${item.start}px)` }}
              onClick={(event) => {
                if ((event.target as Element).closest('button,a,input,select,textarea,.ldetail'))
                  return;
                setActive(item.index);
                toggle(row.id);
              }}
            >
              <div className="lgrid">
                {columns.map((column) => (
                  <span
                    key={column.id}
                    role={detail || onChoose ? 'gridcell' : 'cell'}
                    className={`${column.right ? 'right num ' : ''}${column.drop ? `drop-${column.drop}` : ''}`}
                    style={{ minWidth: 0 }}
                  >
                    {column.cell(row.original)}
                  </span>
                ))}
              </div>
              {opened && detail && (
                <div className="ldetail" role="gridcell">
                  {detail(row.original)}
                </div>
              )}
            </div>
          );
        })}
      </div>
    </div>
  );
}
