import { type FormEvent, useState } from 'react';
import { ApiError } from '@/api/client.ts';
import { changePassword } from '@/api/session.ts';
import { useText } from '@/text/index.ts';
import { Button } from '@/ui/parts.tsx';
import { Problem } from './Problem.tsx';

const kPasswordMin = 12;

/** A new password for oneself; all other sessions of the user end. */
export function NewPassword({ onDone }: { onDone: () => void }) {
  const { t } = useText();
  const [old, setOld] = useState('');
  const [next, setNext] = useState('');
  const [fault, setFault] = useState('');
  const [busy, setBusy] = useState(false);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault('');
    try {
      await changePassword(old, next);
      onDone();
    } catch (error) {
      setFault(error instanceof ApiError && error.message ? error.message : t('state.serverFault'));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form className="form" onSubmit={send} aria-label={t('password.title')}>
      {fault && <Problem>{fault}</Problem>}

      <label>
        <span className="name">{t('password.current')}</span>
        <input
          className="input"
          type="password"
          autoComplete="current-password"
          required
          value={old}
          onChange={(event) => setOld(event.target.value)}
        />
      </label>
      <label>
        <span className="name">{t('password.next', { n: kPasswordMin })}</span>
        <input
          className="input"
          type="password"
          autoComplete="new-password"
          minLength={kPasswordMin}
          required
          value={next}
          onChange={(event) => setNext(event.target.value)}
        />
      </label>
      <Button type="submit" look="primary" disabled={busy}>
        {t('password.save')}
      </Button>
    </form>
  );
}
