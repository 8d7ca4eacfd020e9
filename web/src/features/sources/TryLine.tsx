import { type FormEvent, useState } from 'react';
import { useText } from '@/text/index.ts';
import { Dialog } from '@/ui/Dialog.tsx';
import { Button } from '@/ui/parts.tsx';
import { Failed } from '@/ui/states.tsx';
import { useTryLine } from './queries.ts';

/** Decode one line as a source would, keeping nothing. */
export function TryLine({
  opened,
  profiles,
  onClose,
}: {
  opened: boolean;
  profiles: string[];
  onClose: () => void;
}) {
  const { t } = useText();
  const [line, setLine] = useState('');
  const [profile, setProfile] = useState('');
  const attempt = useTryLine();
  const send = (event: FormEvent) => {
    event.preventDefault();
    attempt.mutate({ line, ...(profile ? { profile } : {}) });
  };
  return (
    <Dialog opened={opened} onClose={onClose} title={t('sources.tryLine')} width={720}>
      <form className="form" onSubmit={send}>
        <label>
          <span className="name">{t('sources.line')}</span>
          <textarea
            className="input mono"
            data-autofocus
            required
            value={line}
            onChange={(event) => setLine(event.target.value)}
          />
        </label>
        <label>
          <span className="name">{t('sources.profile')}</span>
          <select
            className="input"
            value={profile}
            onChange={(event) => setProfile(event.target.value)}
          >
            <option value="">{t('sources.byShape')}</option>
            {profiles.map((each) => (
              <option key={each} value={each}>
                {each}
              </option>
            ))}
          </select>
        </label>
        <div className="dialog-foot">
          <Button type="submit" look="primary" disabled={attempt.isPending || line.trim() === ''}>
            {t('sources.tryGo')}
          </Button>
        </div>
      </form>
      {attempt.isError && <Failed what={t('sources.tryFailed')} error={attempt.error} />}
      {attempt.data && (
        <div role="status" style={{ marginTop: 12 }}>
          <p className={attempt.data.decoded ? 'c-ok' : 'c-medium'}>
            {attempt.data.decoded
              ? t('sources.decoded', { profile: attempt.data.profile || '–' })
              : t('sources.notDecoded')}
          </p>
          {attempt.data.events.map((event, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the events of one answer do not move
            <pre key={at} className="rawline mono" style={{ marginTop: 8 }}>
              {Object.entries(event as Record<string, unknown>)
                .map(
                  ([name, value]) =>
                    `${name} = ${typeof value === 'string' ? value : JSON.stringify(value)}`,
                )
                .join('\n')}
            </pre>
          ))}
        </div>
      )}
    </Dialog>
  );
}
