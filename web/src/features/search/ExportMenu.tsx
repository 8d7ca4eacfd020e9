import { useText } from '@/text/index.ts';
import { number } from '@/ui/format.ts';
import { DownloadIcon, kIcon } from '@/ui/icons.ts';
import { Menu } from '@/ui/Menu.tsx';
import { allColumns, type EventRow, toCsv, toNdjson } from './rows.ts';

/** "su-kien-20261123-021807": sorts by the moment of the export. */
function fileName(kind: string): string {
  const now = new Date(Date.now() + 7 * 3_600_000).toISOString();
  return `gac-${now.slice(0, 10).replace(/-/g, '')}-${now.slice(11, 19).replace(/:/g, '')}.${kind}`;
}

function download(text: string, type: string, kind: string) {
  // A spreadsheet needs the mark to read UTF-8.
  const blob = new Blob([kind === 'csv' ? `\uFEFF${text}` : text], { type });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = fileName(kind);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

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
          run: () => download(toCsv(shown, rows), 'text/csv', 'csv'),
        },
        ...(isTable
          ? []
          : [
              {
                label: t('find.export.csvAll'),
                run: () => download(toCsv(allColumns(rows), rows), 'text/csv', 'csv'),
              },
            ]),
        {
          label: t('find.export.ndjson'),
          run: () => download(toNdjson(rows), 'application/x-ndjson', 'ndjson'),
        },
      ]}
    />
  );
}
