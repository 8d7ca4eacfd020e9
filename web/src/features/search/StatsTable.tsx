import { useText } from '@/text/index.ts';
import { number } from '@/ui/format.ts';
import { cellText, type EventRow, tableTemplate } from './rows.ts';

/** The table that a query's pipes make. Numbers stand right; other values open the pivot menu. */
export function StatsTable({
  columns,
  rows,
  onPivot,
}: {
  columns: string[];
  rows: EventRow[];
  onPivot: (element: HTMLElement, field: string, value: string) => void;
}) {
  const { t } = useText();
  const grid = { gridTemplateColumns: tableTemplate(columns) };
  const numeric = (name: string) => rows.every((row) => typeof row[name] === 'number');
  return (
    <div
      className="erows scroll"
      role="table"
      aria-label={t('find.stats')}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a table that scrolls must be reachable
      tabIndex={0}
    >
      <div className="ehead egrid" role="row" style={grid}>
        {columns.map((name) => (
          <span key={name} role="columnheader" className={numeric(name) ? 'right' : ''}>
            {name}
          </span>
        ))}
      </div>
      {rows.map((row, at) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: the rows of one answer do not move
          key={at}
          role="row"
          className="egrid"
          style={{ ...grid, minHeight: 28, borderBottom: '1px solid var(--line)' }}
        >
          {columns.map((name) => {
            const value = row[name];
            return (
              <span key={name} role="cell" className={numeric(name) ? 'right num' : 'cut'}>
                {typeof value === 'number' ? (
                  number(value, Number.isInteger(value) ? 0 : 2)
                ) : (
                  <button
                    type="button"
                    className="value mono"
                    data-pivot
                    onClick={(event) => onPivot(event.currentTarget, name, cellText(value))}
                  >
                    {cellText(value) || '–'}
                  </button>
                )}
              </span>
            );
          })}
        </div>
      ))}
    </div>
  );
}
