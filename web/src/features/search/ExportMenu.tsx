import { useText } from '@/text/index.ts';
import { number } from '@/ui/format.ts';
import { DownloadIcon, kIcon } from '@/ui/icons.ts';
import { Menu } from '@/ui/Menu.tsx';
import { allColumns, type EventRow, toCsv, toNdjson } from './rows.ts';
import { saveText } from './save.ts';

/** The rows at hand as a file. */
export function ExportMenu({
  rows,
  columns,
  isTable,
  complete,
}: {
  rows: EventRow[];
  /** Of the table on screen. */
  columns: string[];
  isTable: boolean;
  /** Whether the rows at hand are all there are. */
  complete: boolean;
}) {
  const { t } = useText();
  const shown = isTable ? columns : ['@timestamp', ...columns];
  return (
    <Menu
      width={300}
      position="bottom-end"
      head={
        <p className="menu-label">
          {t(complete ? 'find.export.all' : 'find.export.part', { n: number(rows.length) })}
        </p>
      }
      trigger={
        <button
          type="button"
          className="iconbtn"
          aria-label={t('find.export')}
          title={t('find.export')}
          disabled={rows.length === 0}
        >
          <DownloadIcon {...kIcon} />
        </button>
      }
      entries={[
        {
          label: t('find.export.csvShown'),
          run: () => saveText(toCsv(shown, rows), 'csv'),
        },
        ...(isTable
          ? []
          : [
              {
                label: t('find.export.csvAll'),
                run: () => saveText(toCsv(allColumns(rows), rows), 'csv'),
              },
            ]),
        {
          label: t('find.export.ndjson'),
          run: () => saveText(toNdjson(rows), 'ndjson'),
        },
      ]}
    />
  );
}
