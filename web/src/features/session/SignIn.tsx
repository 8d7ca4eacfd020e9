import { type FormEvent, useEffect, useRef, useState } from 'react';
import { ApiError } from '@/api/client.ts';
import { type Session, signIn } from '@/api/session.ts';
import { setLanguage, useText } from '@/text/index.ts';
import { duration } from '@/ui/format.ts';
import { Mark } from '@/ui/Mark.tsx';
import { Button } from '@/ui/parts.tsx';
import { useNow } from '@/ui/useNow.ts';
import { Problem } from './Problem.tsx';
import './session.css';

type Step = 'password' | 'code';

/** Name and password, then the code of the second factor where one is on. */
export function SignIn({ onDone }: { onDone: (session: Session) => void }) {
  const { t, language } = useText();
  const [step, setStep] = useState<Step>('password');
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [fault, setFault] = useState<ApiError | null>(null);
  const [lockedUntil, setLockedUntil] = useState(0);
  const [busy, setBusy] = useState(false);
  const codeBox = useRef<HTMLInputElement>(null);
  const nameBox = useRef<HTMLInputElement>(null);
  const now = useNow();
  const locked = lockedUntil > now;

  useEffect(() => {
    (step === 'code' ? codeBox : nameBox).current?.focus();
  }, [step]);

  const send = async (event: FormEvent) => {
    event.preventDefault();
    if (busy || locked) return;
    setBusy(true);
    setFault(null);
    try {
      const totp = step === 'code' ? { totp: code.replace(/\s/g, '') } : {};
      const made = await signIn({ name: name.trim().normalize('NFC'), password, ...totp });
      onDone(made);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === 'totp_required') {
        setStep('code');
      } else {
        setFault(error);
        if (error.retryAfterS) setLockedUntil(Date.now() + error.retryAfterS * 1000);
        if (error.code === 'totp_invalid') {
          setStep('code');
          setCode('');
        }
      }
    } finally {
      setBusy(false);
    }
  };

  const words = () => {
    if (!fault) return '';
    switch (fault.code) {
      case 'invalid_credentials':
        return t('signin.wrong');
      case 'totp_invalid':
        return t('signin.wrongCode');
      case 'locked':
        return locked
          ? t('signin.locked', { span: duration(lockedUntil - now) })
          : t('signin.unlocked');
      default:
        if (fault.status === 0) return t('state.noAnswer');
        if (fault.status === 429 && locked) {
          return t('signin.busy', { span: duration(lockedUntil - now) });
        }
        return fault.message || t('state.serverFault');
    }
  };

  return (
    <main className="signin">
      <div className="signin-card">
        <div className="brand">
          <Mark size={44} />
          <div>
            <h1>Gác</h1>
            <p className="dim">{t('signin.subtitle')}</p>
          </div>
        </div>

        <form className="form" onSubmit={send} aria-label={t('signin.title')}>
          {fault && <Problem>{words()}</Problem>}
          {step === 'password' ? (
            <>
              <label>
                <span className="name">{t('signin.name')}</span>
                <input
                  ref={nameBox}
                  className="input"
                  name="username"
                  autoComplete="username"
                  autoCapitalize="none"
                  spellCheck={false}
                  required
                  value={name}
                  onChange={(event) => setName(event.target.value)}
                />
              </label>
              <label>
                <span className="name">{t('signin.password')}</span>
                <input
                  className="input"
                  name="password"
                  type="password"
                  autoComplete="current-password"
                  required
                  value={password}
                  onChange={(event) => setPassword(event.target.value)}
                />
              </label>
            </>
          ) : (
            <label>
              <span className="name">{t('signin.code')}</span>
              <input
                ref={codeBox}
                className="input code-input"
                name="totp"
                inputMode="numeric"
                autoComplete="one-time-code"
                pattern="[0-9 ]{6,10}"
                maxLength={10}
                required
                value={code}
                onChange={(event) => setCode(event.target.value)}
              />
            </label>
          )}
          <Button type="submit" look="primary" disabled={busy || locked}>
            {busy ? t('signin.busyNow') : t('signin.go')}
          </Button>
          {step === 'code' && (
            <Button
              look="quiet"
              onClick={() => {
                setStep('password');
                setCode('');
                setFault(null);
              }}
            >
              {t('signin.other')}
            </Button>
          )}
        </form>
        <div className="signin-foot">
          <span className="meta">{t('signin.help')}</span>
          <button
            type="button"
            className="link meta"
            lang={language === 'vi' ? 'en' : 'vi'}
            onClick={() => setLanguage(language === 'vi' ? 'en' : 'vi')}
          >
            {language === 'vi' ? 'English' : 'Tiếng Việt'}
          </button>
        </div>
      </div>
    </main>
  );
}
