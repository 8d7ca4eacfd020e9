import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { type Piece, pieces } from '@/api/query.ts';
import { useText } from '@/text/index.ts';
import { fold } from '@/ui/format.ts';
import { kIcon, SearchIcon } from '@/ui/icons.ts';
import { Button, Kbd } from '@/ui/parts.tsx';
import { faultColumn } from './address.ts';
import type { Field } from './queries.ts';

const kSuggestMax = 8;

const kClasses: Record<Piece['kind'], string> = {
  field: 'p-field',
  op: 'p-op',
  value: 'p-value',
  string: 'p-string',
  mark: 'p-mark',
  word: '',
  space: '',
};

/** The name being typed at the caret, when a field name may stand there. */
export function wordAt(text: string, caret: number): { from: number; word: string } | null {
  const match = /[\p{L}\p{N}_.@-]+$/u.exec(text.slice(0, caret));
  if (!match || match.index === undefined) return null;
  const before = text.slice(0, match.index).trimEnd();
  if (/[:<>=!]$/.test(before)) return null;
  if ((text.slice(0, match.index).match(/"/g)?.length ?? 0) % 2 === 1) return null;
  return { from: match.index, word: match[0] };
}

export function suggest(fields: Field[], word: string): Field[] {
  const wanted = fold(word);
  if (wanted.length < 2) return [];
  const starts: Field[] = [];
  const holds: Field[] = [];
  for (const field of fields) {
    const name = fold(field.name);
    if (name === wanted) return [];
    if (name.startsWith(wanted)) starts.push(field);
    else if (name.includes(wanted)) holds.push(field);
  }
  return [...starts, ...holds].slice(0, kSuggestMax);
}

/** The query line: coloured, completed, and with the caret under the place where it is wrong. */
export function QueryLine({
  value,
  fields,
  fault,
  running,
  onRun,
  onStop,
}: {
  value: string;
  fields: Field[];
  fault: { message: string; where: string | undefined } | null;
  running: boolean;
  onRun: (query: string) => void;
  onStop: () => void;
}) {
  const { t } = useText();
  const [text, setText] = useState(value);
  const [caret, setCaret] = useState<number | null>(null);
  const [at, setAt] = useState(-1);
  const [shift, setShift] = useState(0);
  const box = useRef<HTMLInputElement>(null);
  const list = useId();
  useEffect(() => setText(value), [value]);
  // An empty page is here to be asked; a page with an answer is here to be read with j and k.
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when the page opens
  useEffect(() => {
    if (value === '') box.current?.focus({ preventScroll: true });
  }, []);

  const word = caret === null ? null : wordAt(text, caret);
  const wordText = word?.word ?? '';
  const offers = useMemo(() => (wordText ? suggest(fields, wordText) : []), [fields, wordText]);

  const accept = (field: Field | undefined) => {
    if (!field || !word || caret === null) return;
    const next = `${text.slice(0, word.from)}${field.name}:${text.slice(caret)}`;
    const place = word.from + field.name.length + 1;
    setText(next);
    setCaret(null);
    setAt(-1);
    requestAnimationFrame(() => {
      box.current?.focus();
      box.current?.setSelectionRange(place, place);
    });
  };

  const column = faultColumn(fault?.where);
  // The fault belongs to the query that was run, not to what is typed since.
  const faulty = fault && text === value ? fault : null;
  return (
    <>
      <form
        className="qline"
        role="search"
        aria-label={t('find.title')}
        onSubmit={(event) => {
          event.preventDefault();
          setCaret(null);
          onRun(text.trim().normalize('NFC'));
        }}
      >
        <div className="field">
          <SearchIcon {...kIcon} />
          <div className="qtext">
            <pre aria-hidden="true" style={{ transform: `translateX(${-shift}px)` }}>
              {pieces(text).map((piece, index) => (
                <span
                  // biome-ignore lint/suspicious/noArrayIndexKey: a piece is its place
                  key={index}
                  className={
                    piece.kind === 'value' && /^[\d.:/]+$/.test(piece.text)
                      ? 'p-number'
                      : kClasses[piece.kind]
                  }
                >
                  {piece.text}
                </span>
              ))}
            </pre>
            <input
              ref={box}
              id="query"
              role="combobox"
              aria-label={t('find.query')}
              aria-expanded={offers.length > 0}
              aria-controls={list}
              aria-autocomplete="list"
              aria-activedescendant={at >= 0 ? `${list}-${at}` : undefined}
              aria-invalid={faulty !== null}
              aria-describedby={faulty ? 'query-fault' : undefined}
              placeholder={t('find.hint')}
              autoComplete="off"
              autoCapitalize="none"
              spellCheck={false}
              value={text}
              onChange={(event) => {
                setText(event.target.value);
                setCaret(event.target.selectionStart);
                setAt(-1);
              }}
              onScroll={(event) => setShift(event.currentTarget.scrollLeft)}
              onSelect={(event) => setShift(event.currentTarget.scrollLeft)}
              onBlur={() => setCaret(null)}
              onKeyDown={(event) => {
                if (event.nativeEvent.isComposing) return;
                if (event.key === 'Escape') {
                  if (offers.length > 0) setCaret(null);
                  else box.current?.blur();
                  event.stopPropagation();
                } else if (offers.length > 0 && /^Arrow(Up|Down)$/.test(event.key)) {
                  event.preventDefault();
                  const by = event.key === 'ArrowDown' ? 1 : -1;
                  setAt((at + by + offers.length) % offers.length);
                } else if (offers.length > 0 && event.key === 'Tab' && !event.shiftKey) {
                  event.preventDefault();
                  accept(offers[Math.max(0, at)]);
                } else if (event.key === 'Enter' && at >= 0) {
                  event.preventDefault();
                  accept(offers[at]);
                }
              }}
            />
          </div>
          <ul
            id={list}
            role="listbox"
            aria-label={t('find.fields')}
            className="suggest menu"
            hidden={offers.length === 0}
          >
            {offers.map((field, index) => (
              <li
                key={field.name}
                id={`${list}-${index}`}
                role="option"
                aria-selected={index === at}
                className="menu-item"
                onPointerDown={(event) => {
                  event.preventDefault();
                  accept(field);
                }}
              >
                <span className="grow mono cut">{field.name}</span>
                {index === Math.max(0, at) && <Kbd>Tab</Kbd>}
              </li>
            ))}
          </ul>
        </div>
        {running ? (
          <Button onClick={onStop}>{t('find.stop')}</Button>
        ) : (
          <Button type="submit" look="primary">
            {t('find.go')}
            <Kbd>↵</Kbd>
          </Button>
        )}
      </form>
      {faulty && (
        <div className="qfault" id="query-fault" role="alert">
          {column !== null && (
            <pre>
              {text}
              {'\n'}
              {' '.repeat(Math.max(0, column - 1))}
              <b>^</b>
            </pre>
          )}
          <p>{faulty.message}</p>
        </div>
      )}
    </>
  );
}
