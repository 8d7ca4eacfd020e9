import { useQueryClient } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { ApiError } from '@/api/client.ts';
import { confirmTotp, enrolTotp, sessionQuery } from '@/api/session.ts';
import { NewPassword } from '@/features/session/NewPassword.tsx';
import { Problem } from '@/features/session/Problem.tsx';
import { useText } from '@/text/index.ts';
import { Dialog } from '@/ui/Dialog.tsx';
import { Button } from '@/ui/parts.tsx';
import { toast } from '@/ui/toasts.tsx';

export type AccountDialog = 'password' | 'totp';

/** One's own password and second factor. */
export function AccountDialogs({
  open,
  totp,
  onClose,
}: {
  open: AccountDialog | null;
  totp: boolean;
  onClose: () => void;
}) {
  const { t } = useText();
  return (
    <>
      <Dialog
        opened={open === 'password'}
        onClose={onClose}
        title={t('password.title')}
        width={400}
      >
        <NewPassword
          onDone={() => {
            onClose();
            toast(t('password.done'));
          }}
        />
      </Dialog>
      <Dialog opened={open === 'totp'} onClose={onClose} title={t('totp.title')} width={440}>
        {totp ? <p>{t('totp.on')}</p> : open === 'totp' && <Enrol onClose={onClose} />}
      </Dialog>
    </>
  );
}

function Enrol({ onClose }: { onClose: () => void }) {
  const { t } = useText();
  const client = useQueryClient();
  const [secret, setSecret] = useState('');
  const [code, setCode] = useState('');
  const [fault, setFault] = useState('');
  const [codes, setCodes] = useState<string[]>([]);
  const words = (error: unknown) =>
    error instanceof ApiError && error.message ? error.message : t('state.serverFault');
  // biome-ignore lint/correctness/useExhaustiveDependencies: enrolment begins once, when opened
  useEffect(() => {
    enrolTotp().then(
      (made) => setSecret(made.secret),
      (error: unknown) => setFault(words(error)),
    );
  }, []);
  const send = async (event: FormEvent) => {
    event.preventDefault();
    try {
      const { recovery_codes } = await confirmTotp(code.replace(/\s/g, ''));
      setCodes(recovery_codes);
    } catch (error) {
      setFault(words(error));
    }
  };
  if (codes.length > 0) {
    return (
      <div className="form">
        <p>{t('totp.codes')}</p>
        <pre className="rawline mono">{codes.join('\n')}</pre>
        <div className="dialog-foot">
          <Button
            look="primary"
            onClick={() => {
              void client.invalidateQueries({ queryKey: sessionQuery.queryKey });
              onClose();
              toast(t('totp.done'));
            }}
          >
            {t('totp.kept')}
          </Button>
        </div>
      </div>
    );
  }
  return (
    <form className="form" onSubmit={send}>
      <p>{t('totp.intro')}</p>
      {fault && <Problem>{fault}</Problem>}
      <label>
        <span className="name">{t('totp.secret')}</span>
        <input className="input mono" readOnly value={secret} onFocus={(e) => e.target.select()} />
      </label>
      <label>
        <span className="name">{t('signin.code')}</span>
        <input
          className="input code-input"
          inputMode="numeric"
          autoComplete="one-time-code"
          pattern="[0-9 ]{6,10}"
          required
          value={code}
          onChange={(event) => setCode(event.target.value)}
        />
      </label>
      <div className="dialog-foot">
        <Button onClick={onClose}>{t('action.cancel')}</Button>
        <Button type="submit" look="primary" disabled={!secret}>
          {t('totp.confirm')}
        </Button>
      </div>
    </form>
  );
}
