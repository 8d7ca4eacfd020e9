import { useText } from '@/text/index.ts';
import { Dialog } from '@/ui/Dialog.tsx';
import { Button } from '@/ui/parts.tsx';
import '@/ui/record.css';

/** What a version is, line by line: name and value. */
export type Facts = [string, string][];

/** Two people changed one thing: both versions side by side, and nobody's work lost silently. */
export function ConflictDialog({
  title,
  mine,
  theirs,
  action,
  onKeep,
  onApply,
}: {
  title: string;
  mine: Facts;
  theirs: Facts;
  action: string;
  onKeep: () => void;
  onApply: () => void;
}) {
  const { t } = useText();
  return (
    <Dialog opened onClose={onKeep} title={title} width={560}>
      <p style={{ marginBottom: 12 }}>{t('conflict.text')}</p>
      <div className="versions">
        <Version title={t('conflict.mine')} facts={mine} />
        <Version title={t('conflict.theirs')} facts={theirs} />
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

function Version({ title, facts }: { title: string; facts: Facts }) {
  return (
    <div>
      <p className="strong" style={{ fontWeight: 600, marginBottom: 4 }}>
        {title}
      </p>
      <dl className="facts">
        {facts.map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
