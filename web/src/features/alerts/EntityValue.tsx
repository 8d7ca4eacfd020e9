import { useNavigate } from '@tanstack/react-router';
import { quote } from '@/api/query.ts';
import { useMay } from '@/api/session.ts';
import { useText } from '@/text/index.ts';
import { kIcon, QueueIcon, SearchIcon } from '@/ui/icons.ts';
import type { MenuEntry } from '@/ui/Menu.tsx';
import { Value } from '@/ui/Value.tsx';

/** A value of an alert with its pivots: search its events, or the queue. */
export function EntityValue({
  field,
  text,
  marked = false,
  mono = true,
}: {
  field: string;
  text: string;
  marked?: boolean;
  mono?: boolean;
}) {
  const { t } = useText();
  const navigate = useNavigate();
  const may = useMay();
  const entries: MenuEntry[] = [];
  if (may('events_search')) {
    entries.push({
      label: t('alert.pivotSearch'),
      icon: <SearchIcon {...kIcon} />,
      run: () => void navigate({ to: '/search', search: { q: `${field}:${quote(text)}` } }),
    });
  }
  entries.push({
    label: t('alert.pivotQueue'),
    icon: <QueueIcon {...kIcon} />,
    run: () => void navigate({ to: '/alerts', search: { q: text } }),
  });
  return <Value text={text} field={field} entries={entries} marked={marked} mono={mono} />;
}
