import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { type Piece, pieces, quote } from '@/api/query.ts';
import { type TextKey, useText } from '@/text/index.ts';
import { dateTime, number } from '@/ui/format.ts';
import { HistoryIcon, kIcon, SearchIcon } from '@/ui/icons.ts';
import { Button, IconButton, Kbd } from '@/ui/parts.tsx';
import { faultColumn } from './address.ts';
import { type Asked, asked, forget } from './asked.ts';
import { accept, type Offer, offersAt, placeAt } from './complete.ts';
import { faultText } from './faults.ts';
import { type Field, useListNames, useValuesOf } from './queries.ts';

const kHistoryMax = 12;

const kClasses: Record<Piece['kind'], string> = {
  field: 'p-field',
  op: 'p-op',
  value: 'p-value',
  string: 'p-string',
  mark: 'p-mark',
  word: '',
  space: '',
};

/** What the words of the language mean, beside them in the list. */
const kMeanings: Record<string, TextKey> = {
  and: 'find.word.and',
  or: 'find.word.or',
  not: 'find.word.not',
  'and not': 'find.word.andNot',
  '(': 'find.word.open',
  '|': 'find.word.pipe',
  ':': 'find.word.is',
  ':*': 'find.word.exists',
  '>=': 'find.word.least',
  '<=': 'find.word.most',
  by: 'find.word.by',
  as: 'find.word.as',
  ',': 'find.word.comma',
  stats: 'find.word.stats',
  sort: 'find.word.sort',
  limit: 'find.word.limit',
  fields: 'find.word.fields',
  top: 'find.word.top',
  dedup: 'find.word.dedup',
  extract: 'find.word.extract',
  count: 'find.word.count',
  sum: 'find.word.sum',
  avg: 'find.word.avg',
  min: 'find.word.min',
  max: 'find.word.max',
  dcount: 'find.word.dcount',
  percentile: 'find.word.percentile',
  p95: 'find.word.p95',
  median: 'find.word.median',
  where: 'find.word.where',
  hunt: 'find.word.hunt',
  '"': 'find.word.template',
  bin: 'find.word.bin',
};

type Listed = { kind: 'offers'; items: Offer[] } | { kind: 'asked'; items: Asked[] };

/** The query line: coloured, completed, and with the caret under the place where it is wrong. */
export function QueryLine({
  value,
  fields,
  fault,
  running,
  user,
  onRun,
  onStop,
}: {
  value: string;
  fields: Field[];
  fault: { message: string; where: string | undefined } | null;
  running: boolean;
  /** Whose history is offered. */
  user: string;
  onRun: (query: string) => void;
  onStop: () => void;
}) {
  const { t } = useText();
  const [text, setText] = useState(value);
  /** Where the list stands, or null while it is closed. */
  const [caret, setCaret] = useState<number | null>(null);
  const [forced, setForced] = useState(false);
  const [history, setHistory] = useState<Asked[] | null>(null);
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

  const place = useMemo(() => (caret === null ? null : placeAt(text, caret)), [text, caret]);
  const values = useValuesOf(
    place?.kind === 'value' ? place.field : '',
    place?.kind === 'value' ? place.word : '',
  );
  const lists = useListNames(place?.kind === 'list');
  const listed: Listed | null = useMemo(() => {
    if (history) return { kind: 'asked', items: history };
    if (!place) return null;
    return {
      kind: 'offers',
      items: offersAt(text, place, { fields, values, lists, forced, quote }),
    };
  }, [history, place, text, fields, values, lists, forced]);
  const size = listed?.items.length ?? 0;
  useEffect(() => {
    if (at >= 0) document.getElementById(`${list}-${at}`)?.scrollIntoView({ block: 'nearest' });
  }, [at, list]);

  const close = () => {
    setCaret(null);
    setHistory(null);
    setForced(false);
    setAt(-1);
  };
  const put = (next: string, where: number, open: boolean) => {
    setText(next);
    setHistory(null);
    setForced(false);
    setAt(-1);
    setCaret(open ? where : null);
    requestAnimationFrame(() => {
      box.current?.focus();
      box.current?.setSelectionRange(where, where);
      setShift(box.current?.scrollLeft ?? 0);
    });
  };
  const take = (index: number) => {
    if (!listed) return;
    if (listed.kind === 'asked') {
      const one = listed.items[index];
      if (one) put(one.q, one.q.length, false);
      return;
    }
    const offer = listed.items[index];
    if (!offer || !place || caret === null) return;
    const done = accept(text, caret, place, offer);
    put(done.text, done.caret, true);
  };
  const showHistory = () => {
    setCaret(null);
    setAt(-1);
    setHistory(history ? null : asked(user).slice(0, kHistoryMax));
    box.current?.focus();
  };

  const column = faultColumn(fault?.where);
  // The fault belongs to the query that was run, not to what is typed since.
  const faulty = fault && text === value ? fault : null;
  const kept = history !== null && history.length === 0;
  return (
    <>
      <form
        className="qline"
        role="search"
        aria-label={t('find.title')}
        onSubmit={(event) => {
          event.preventDefault();
          close();
          onRun(text.trim().normalize('NFC'));
        }}
      >
        {/* biome-ignore lint/a11y/noStaticElementInteractions: only notices that the focus has left it */}
        <div
          className="field"
          onBlur={(event) => {
            if (!event.currentTarget.contains(event.relatedTarget)) close();
          }}
        >
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
              aria-expanded={size > 0}
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
                setHistory(null);
                setForced(false);
                setAt(-1);
                // While an input method composes, what is typed is not yet what is meant.
                const composing = (event.nativeEvent as InputEvent).isComposing;
                setCaret(composing ? null : event.target.selectionStart);
              }}
              onCompositionEnd={(event) => setCaret(event.currentTarget.selectionStart)}
              onScroll={(event) => setShift(event.currentTarget.scrollLeft)}
              onSelect={(event) => {
                const { scrollLeft, selectionStart, selectionEnd } = event.currentTarget;
                setShift(scrollLeft);
                if (caret !== null && caret !== selectionStart) {
                  setCaret(selectionStart === selectionEnd ? selectionStart : null);
                }
              }}
              onKeyDown={(event) => {
                if (event.nativeEvent.isComposing || event.keyCode === 229) return;
                if (event.key === 'Escape') {
                  if (size > 0 || history) close();
                  else box.current?.blur();
                  event.preventDefault();
                  event.stopPropagation();
                } else if (size > 0 && /^Arrow(Up|Down)$/.test(event.key)) {
                  event.preventDefault();
                  const by = event.key === 'ArrowDown' ? 1 : -1;
                  setAt(at < 0 && by < 0 ? size - 1 : (at + by + size) % size);
                } else if (event.key === 'ArrowUp') {
                  event.preventDefault();
                  showHistory();
                } else if (event.key === 'ArrowDown' || (event.ctrlKey && event.code === 'Space')) {
                  event.preventDefault();
                  setForced(true);
                  setCaret(event.currentTarget.selectionStart);
                } else if (size > 0 && event.key === 'Tab' && !event.shiftKey) {
                  event.preventDefault();
                  take(Math.max(0, at));
                } else if (event.key === 'Enter' && at >= 0) {
                  event.preventDefault();
                  take(at);
                }
              }}
            />
          </div>
          <IconButton
            label={t('find.history')}
            className="qhistory"
            aria-expanded={history !== null}
            onPointerDown={(event) => event.preventDefault()}
            onClick={showHistory}
          >
            <HistoryIcon {...kIcon} />
          </IconButton>
          <div className="suggest menu" hidden={size === 0 && !kept}>
            {history && <p className="menu-label">{t('find.history')}</p>}
            <ul
              id={list}
              role="listbox"
              aria-label={t(history ? 'find.history' : 'find.offers')}
              className="scroll"
            >
              {listed?.kind === 'offers' &&
                listed.items.map((offer, index) => (
                  <Line
                    key={`${offer.kind} ${offer.label}`}
                    id={`${list}-${index}`}
                    on={index === at}
                    first={index === Math.max(0, at)}
                    kind={offer.kind}
                    label={offer.label}
                    detail={detailOf(offer, t)}
                    onTake={() => take(index)}
                  />
                ))}
              {listed?.kind === 'asked' &&
                listed.items.map((one, index) => (
                  <Line
                    key={one.q}
                    id={`${list}-${index}`}
                    on={index === at}
                    first={index === at}
                    kind="asked"
                    label={one.q}
                    detail={dateTime(one.at)}
                    onTake={() => take(index)}
                  />
                ))}
            </ul>
            {kept && <p className="qnone">{t('find.historyNone')}</p>}
            {history && history.length > 0 && (
              <button
                type="button"
                className="link qforget"
                onClick={() => {
                  forget(user);
                  setHistory([]);
                }}
              >
                {t('find.historyForget')}
              </button>
            )}
          </div>
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
          <p>{faultText(faulty.message, t)}</p>
        </div>
      )}
    </>
  );
}

function detailOf(offer: Offer, t: ReturnType<typeof useText>['t']): string {
  if (offer.kind === 'value') return offer.detail ? number(Number(offer.detail)) : '';
  const key = offer.kind === 'field' ? undefined : kMeanings[offer.detail ?? ''];
  return key ? t(key) : offer.kind === 'field' ? (offer.detail ?? '') : '';
}

function Line({
  id,
  on,
  first,
  kind,
  label,
  detail,
  onTake,
}: {
  id: string;
  on: boolean;
  first: boolean;
  kind: Offer['kind'];
  label: string;
  detail: string;
  onTake: () => void;
}) {
  return (
    <li
      id={id}
      role="option"
      aria-selected={on}
      className="menu-item"
      data-kind={kind}
      onPointerDown={(event) => {
        event.preventDefault();
        onTake();
      }}
    >
      <span className="what mono cut" title={label}>
        {label}
      </span>
      <span className="grow meta cut" title={detail}>
        {detail}
      </span>
      {first && kind !== 'asked' && <Kbd>Tab</Kbd>}
    </li>
  );
}
