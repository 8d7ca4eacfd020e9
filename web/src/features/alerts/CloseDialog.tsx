import { type FormEvent, useEffect, useState } from 'react';
import { useText } from '@/text/index.ts';
import { Dialog } from '@/ui/Dialog.tsx';
import { number } from '@/ui/format.ts';
import { Button, Kbd } from '@/ui/parts.tsx';
import { kVerdictHelpKeys, kVerdictKeys, kVerdicts, type Verdict } from './model.ts';

/** Closing asks for a verdict; the comment is optional. Keys 1 to 5 choose, Enter closes. */
export function CloseDialog({
  opened,
  count,
  drill,
  onCancel,
  onClose,
}: {
  opened: boolean;
  count: number;
  drill: boolean;
  onCancel: () => void;
  onClose: (verdict: Verdict, comment: string) => void;
}) {
  const { t } = useText();
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [comment, setComment] = useState('');
  useEffect(() => {
    if (!opened) return;
    setVerdict(drill ? 'drill' : null);
    setComment('');
  }, [opened, drill]);
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (verdict) onClose(verdict, comment.trim().normalize('NFC'));
  };
  return (
    <Dialog opened={opened} onClose={onCancel} title={t('close.title', { n: number(count) })}>
      <form
        className="form"
        onSubmit={send}
        onKeyDown={(event) => {
          if (event.target instanceof HTMLTextAreaElement || event.nativeEvent.isComposing) return;
          const chosen = kVerdicts[Number(event.key) - 1];
          if (chosen) {
            event.preventDefault();
            setVerdict(chosen);
          }
        }}
      >
        <fieldset style={{ border: 0, margin: 0, padding: 0, minWidth: 0 }}>
          <legend className="legend">{t('close.verdict')}</legend>
          <div className="verdicts">
            {kVerdicts.map((each, at) => (
              <label key={each}>
                <input
                  type="radio"
                  name="verdict"
                  value={each}
                  required
                  data-autofocus={at === 0 || undefined}
                  checked={verdict === each}
                  onChange={() => setVerdict(each)}
                />
                <span style={{ flex: 1 }}>
                  {t(kVerdictKeys[each])}
                  <span className="meta" style={{ display: 'block' }}>
                    {t(kVerdictHelpKeys[each])}
                  </span>
                </span>
                <Kbd>{at + 1}</Kbd>
              </label>
            ))}
          </div>
        </fieldset>
        <label>
          <span className="name">{t('close.comment')}</span>
          <textarea
            className="input"
            maxLength={4000}
            value={comment}
            onChange={(event) => setComment(event.target.value)}
          />
        </label>
        <div className="dialog-foot">
          <Button onClick={onCancel}>{t('action.cancel')}</Button>
          <Button type="submit" look="primary" disabled={!verdict}>
            {t('close.go')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
