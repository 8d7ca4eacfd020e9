// What can be done with a value from here: narrow, exclude, ask for it alone, count by its field, look
// at the entity, go to its alerts, except it, copy it.
import { useNavigate } from '@tanstack/react-router';
import { groupBy, narrow, quote } from '@/api/query.ts';
import { useMay } from '@/api/session.ts';
import { useText } from '@/text/index.ts';
import { number } from '@/ui/format.ts';
import {
  ColumnsIcon,
  CopyIcon,
  ExceptIcon,
  FilterIcon,
  FilterOffIcon,
  FocusIcon,
  GroupIcon,
  HuntIcon,
  kIcon,
  PeekIcon,
  QueueIcon,
} from '@/ui/icons.ts';
import type { MenuEntry } from '@/ui/Menu.tsx';
import { type Anchor, PopMenu } from '@/ui/PopMenu.tsx';
import { copyText } from '@/ui/Value.tsx';
import { entityKind } from './entity.ts';
import { filterField } from './filterField.ts';

/** What a list of indicators may name. */
const kHunted = new Set(['ip', 'domain', 'hash', 'file']);

export type Pivot = { anchor: Anchor; field: string; value: string; count: number | undefined };

export function PivotMenu({
  pivot,
  query,
  columns,
  onAsk,
  onEntity,
  onColumns,
  onExcept,
  onHunt,
  onClose,
}: {
  pivot: Pivot;
  query: string;
  columns: string[];
  onAsk: (query: string) => void;
  onEntity: (field: string, value: string) => void;
  onColumns: (columns: string[]) => void;
  onExcept: ((field: string, value: string) => void) | undefined;
  onHunt: (value: string) => void;
  onClose: () => void;
}) {
  const { t } = useText();
  const may = useMay();
  const navigate = useNavigate();
  const { field, value, count } = pivot;
  const name = filterField(field);
  const kind = entityKind(field, value);
  const shown = value === '' ? '""' : value;
  const column = columns.includes(field);
  const entries: MenuEntry[] = [
    {
      label: t('find.only'),
      icon: <FilterIcon {...kIcon} />,
      shortcut: '=',
      run: () => onAsk(narrow(query, name, value)),
    },
    {
      label: t('find.without'),
      icon: <FilterOffIcon {...kIcon} />,
      shortcut: '-',
      run: () => onAsk(narrow(query, name, value, true)),
    },
    {
      label: t('find.alone'),
      icon: <FocusIcon {...kIcon} />,
      shortcut: 'O',
      run: () => onAsk(`${name}:${quote(value)}`),
    },
    {
      label: t('find.groupBy'),
      icon: <GroupIcon {...kIcon} />,
      shortcut: 'G',
      run: () => onAsk(groupBy(query, name)),
    },
  ];
  if (kind) {
    entries.push({
      label: t('find.entity.open'),
      icon: <PeekIcon {...kIcon} />,
      shortcut: 'Space',
      run: () => onEntity(name, value),
    });
  }
  entries.push('line');
  if (kind && kHunted.has(kind)) {
    entries.push({
      label: t('find.hunt.value'),
      icon: <HuntIcon {...kIcon} />,
      shortcut: 'H',
      run: () => onHunt(value),
    });
  }
  if (may('alerts_view') && value !== '') {
    entries.push({
      label: t('alert.pivotQueue'),
      icon: <QueueIcon {...kIcon} />,
      shortcut: 'A',
      run: () => void navigate({ to: '/alerts', search: { q: value } }),
    });
  }
  if (onExcept && value !== '') {
    entries.push({
      label: t('find.except'),
      icon: <ExceptIcon {...kIcon} />,
      shortcut: 'E',
      run: () => onExcept(name, value),
    });
  }
  if (field !== '@timestamp' && !field.startsWith('_')) {
    entries.push({
      label: t(column ? 'find.removeColumn' : 'find.addColumn', { name: field }),
      icon: <ColumnsIcon {...kIcon} />,
      shortcut: 'C',
      run: () => onColumns(column ? columns.filter((each) => each !== field) : [...columns, field]),
    });
  }
  entries.push({
    label: t('action.copy'),
    icon: <CopyIcon {...kIcon} />,
    shortcut: 'Y',
    run: () => void copyText(value, t('action.copied')),
  });
  return (
    <PopMenu
      anchor={pivot.anchor}
      label={`${field}: ${shown}`}
      onClose={onClose}
      head={
        <>
          <p className="mono cut strong" title={shown}>
            {shown}
          </p>
          <p className="meta cut">
            {field}
            {count !== undefined && `, ${t('find.inAnswer', { n: number(count) })}`}
          </p>
        </>
      }
      entries={entries}
    />
  );
}
