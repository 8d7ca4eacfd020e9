import { useText } from '@/text/index.ts';
import { Dialog } from '@/ui/Dialog.tsx';
import { dateTime, number } from '@/ui/format.ts';
import { Button } from '@/ui/parts.tsx';
import { type Alert, kStatusKeys, kVerdictKeys } from './model.ts';
import type { Conflict } from './queries.ts';

/** Two people changed one alert: both versions side by side, and nobody's work lost silently. */
export function ConflictDialog({
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
  return (
    <Dialog opened onClose={onKeep} title={t('conflict.title')} width={560}>
      <p style={{ marginBottom: 12 }}>{t('conflict.text')}</p>
      <div className="versions">
        <Version title={t('conflict.mine')} alert={conflict.base} />
        <Version title={t('conflict.theirs')} alert={conflict.current} />
      </div>
      <div className="dialog-foot">
        <Button onClick={onApply}>{t('conflict.apply', { action })}</Button>
        <Button look="primary" data-autofocus onClick={onKeep}>
          {t('conflict.keep')}
        </Button>
      </div>
    </Dialog>
  );
}

function Version({ title, alert }: { title: string; alert: Alert }) {
  const { t } = useText();
  const rows: [string, string][] = [
    [t('conflict.status'), t(kStatusKeys[alert.status])],
    [t('conflict.assignee'), alert.assignee?.name ?? '–'],
    [t('conflict.verdict'), alert.verdict ? t(kVerdictKeys[alert.verdict]) : '–'],
    [t('conflict.events'), number(alert.count)],
    [t('conflict.updated'), dateTime(alert.updated)],
  ];
  return (
    <div>
      <p className="strong" style={{ fontWeight: 600, marginBottom: 4 }}>
        {title}
      </p>
      <dl className="facts">
        {rows.map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
