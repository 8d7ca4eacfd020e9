import { ApiError, api, unwrap } from '@/api/client.ts';
import { faultWords } from '@/api/undo.ts';
import { useText } from '@/text/index.ts';
import { number } from '@/ui/format.ts';
import { DownloadIcon, kIcon } from '@/ui/icons.ts';
import { Menu, type MenuEntry } from '@/ui/Menu.tsx';
import { toast } from '@/ui/toasts.tsx';
import { faultText } from './faults.ts';
import { allColumns, type EventRow, toCsv, toNdjson } from './rows.ts';
import { saveAddress, saveText } from './save.ts';
import { exportPath, foreignPipe, type Whole, withColumns } from './wholeExport.ts';

/** All events of the question as a file that the server streams, or the rows at hand. */
export function ExportMenu({
  rows,
  columns,
  isTable,
  complete,
  query,
  span,
}: {
  rows: EventRow[];
  /** Of the table on screen. */
  columns: string[];
  isTable: boolean;
  /** Whether the rows at hand are all there are. */
  complete: boolean;
  query: string;
  span: { from: string; to?: string };
}) {
  const { t } = useText();
  const shown = isTable ? columns : ['@timestamp', ...columns];
  const foreign = foreignPipe(query);
  const fetchAll = async (format: Whole['format']) => {
    const asked = format === 'ndjson' ? query || '*' : withColumns(query, shown);
    const whole: Whole = { format, query: asked, ...span };
    try {
      // A download cannot say why it was refused: that is asked beforehand.
      await unwrap(
        api.GET('/api/v1/history/export', {
          params: { query: { ...whole, check: true } },
          parseAs: 'text',
        }),
      );
      saveAddress(exportPath(whole));
      toast(t('find.export.begun'));
    } catch (error) {
      const status = error instanceof ApiError ? error.status : 0;
      const why = status === 400 ? faultText((error as ApiError).message, t) : faultWords(error);
      toast(status === 503 ? t('find.export.busy') : t('find.export.refused', { why }), {
        bad: true,
      });
    }
  };
  const whole: MenuEntry[] =
    foreign === ''
      ? [
          { heading: t('find.export.whole') },
          { label: t('find.export.wholeCsv'), run: () => void fetchAll('spreadsheet') },
          { label: t('find.export.wholeNdjson'), run: () => void fetchAll('ndjson') },
          'line',
        ]
      : [];
  return (
    <Menu
      width={320}
      position="bottom-end"
      head={
        foreign !== '' && (
          <p className="menu-note">{t('find.export.tableOnly', { pipe: foreign })}</p>
        )
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
        ...whole,
        {
          heading: t(complete ? 'find.export.all' : 'find.export.part', { n: number(rows.length) }),
        },
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
