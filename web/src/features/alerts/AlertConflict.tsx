import { useText } from '@/text/index.ts';
import { ConflictDialog, type Facts } from '@/ui/ConflictDialog.tsx';
import { dateTime, number } from '@/ui/format.ts';
import { type Alert, kStatusKeys, kVerdictKeys } from './model.ts';
import type { Conflict } from './queries.ts';

export function AlertConflict({
  conflict,
  action,
  onKeep,
  onApply,
}: {
  conflict: Conflict;
  action: string;
  onKeep: () => void;
  onApply: () => void;
}) {
  const { t } = useText();
  const facts = (alert: Alert): Facts => [
    [t('conflict.status'), t(kStatusKeys[alert.status])],
    [t('conflict.assignee'), alert.assignee?.name ?? '–'],
    [t('conflict.verdict'), alert.verdict ? t(kVerdictKeys[alert.verdict]) : '–'],
    [t('conflict.events'), number(alert.count)],
    [t('conflict.updated'), dateTime(alert.updated)],
  ];
  return (
    <ConflictDialog
      title={t('conflict.title')}
      mine={facts(conflict.base)}
      theirs={facts(conflict.current)}
      action={action}
      onKeep={onKeep}
      onApply={onApply}
    />
  );
}
