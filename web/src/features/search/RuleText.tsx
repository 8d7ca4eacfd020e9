import { useRef } from 'react';
import { useText } from '@/text/index.ts';
import { kIcon, WarnIcon } from '@/ui/icons.ts';
import { Failed } from '@/ui/states.tsx';
import { lineSpan, type TextFault, type useRuleCheck } from './ruleSave.ts';

/** The rule's text, and under it what the server says of it, each fault with the way to its line. */
export function RuleText({
  text,
  check,
  refused,
  onChange,
}: {
  text: string;
  check: ReturnType<typeof useRuleCheck>;
  /** Why it was refused when it was to be kept. */
  refused: TextFault[] | null;
  onChange: (text: string) => void;
}) {
  const { t } = useText();
  const box = useRef<HTMLTextAreaElement>(null);
  const go = (line: number) => {
    const area = box.current;
    if (!area) return;
    const height = area.scrollHeight / Math.max(1, text.split('\n').length);
    area.focus();
    area.setSelectionRange(...lineSpan(text, line));
    area.scrollTop = Math.max(0, (line - 3) * height);
  };
  const faults = refused ?? (check.current ? check.data?.faults : undefined) ?? [];
  const bad = faults.some((one) => !one.warning);
  return (
    <>
      <label>
        <span className="name">{t('find.draft.text')}</span>
        <textarea
          ref={box}
          className="input mono draft-yaml"
          rows={14}
          wrap="off"
          spellCheck={false}
          aria-invalid={bad}
          aria-describedby="draft-check"
          value={text}
          onChange={(event) => onChange(event.target.value)}
        />
      </label>
      <div id="draft-check" className="draft-check" aria-live="polite">
        {check.isError && <Failed what={t('find.draft.checkFailed')} error={check.error} />}
        {faults.length > 0 ? (
          <>
            <p className={bad ? 'c-high' : 'c-medium'}>
              <WarnIcon {...kIcon} style={{ display: 'inline', verticalAlign: -3 }} />{' '}
              {t(bad ? 'find.draft.faulty' : 'find.draft.warned')}
            </p>
            <ul className="draft-list">
              {faults.map((one) => (
                <li key={`${one.line} ${one.reason}`}>
                  {one.line === null ? (
                    <span className="dim">{t('find.draft.noLine')}</span>
                  ) : (
                    <button type="button" className="link" onClick={() => go(one.line ?? 1)}>
                      {t('find.draft.line', { n: one.line })}
                    </button>
                  )}
                  <span className="wrap">{one.reason}</span>
                </li>
              ))}
            </ul>
          </>
        ) : (
          !check.isError && (
            <p className="dim">
              {check.current && check.data ? t('find.draft.fine') : t('find.draft.checking')}
            </p>
          )
        )}
      </div>
    </>
  );
}
