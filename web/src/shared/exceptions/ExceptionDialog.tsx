// A new exception: conditions, what they would have silenced, until when and why. Nothing is written
// before the effect was seen for exactly these conditions, or could not be computed.
import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import { useMay } from '@/api/session.ts';
import { useText } from '@/text/index.ts';
import { Dialog } from '@/ui/Dialog.tsx';
import { collator, date, number } from '@/ui/format.ts';
import { CloseIcon, kIcon, PlusIcon } from '@/ui/icons.ts';
import { Button, IconButton } from '@/ui/parts.tsx';
import { Failed } from '@/ui/states.tsx';
import { useNow } from '@/ui/useNow.ts';
import { EffectView } from './EffectView.tsx';
import {
  type Condition,
  clean,
  type EventFields,
  faultOf,
  fieldsOf,
  inDays,
  kDays,
  kMaxConditions,
  kOps,
} from './model.ts';
import { stopPreview, useAddException, useExceptionUnits, usePreview } from './queries.ts';
import './exceptions.css';

const kOpKeys = {
  equals: 'exception.op.equals',
  startswith: 'exception.op.startswith',
  endswith: 'exception.op.endswith',
  contains: 'exception.op.contains',
  cidr: 'exception.op.cidr',
} as const satisfies Record<Condition['op'], string>;

const kPreviewDays = 30;

export type Start = {
  rule: { id: string; title: string };
  conditions: Condition[];
  /** The event it starts from: its fields are offered. */
  event?: EventFields | undefined;
};

export function ExceptionDialog({ start, onClose }: { start: Start | null; onClose: () => void }) {
  const { t } = useText();
  return (
    <Dialog opened={start !== null} onClose={onClose} title={t('exception.title')} width={720}>
      {start && <ExceptionForm start={start} onClose={onClose} />}
    </Dialog>
  );
}

function ExceptionForm({ start, onClose }: { start: Start; onClose: () => void }) {
  const { t } = useText();
  const may = useMay();
  const now = useNow(60_000);
  const [rows, setRows] = useState<Condition[]>(start.conditions);
  const [unit, setUnit] = useState('');
  const [days, setDays] = useState<number>(30);
  const [reason, setReason] = useState('');
  const [seen, setSeen] = useState('');
  const units = useExceptionUnits(true);
  const preview = usePreview();
  const add = useAddException();
  const names = useId();
  const search = useRef('');
  const effect = useRef<HTMLDivElement>(null);
  const fields = fieldsOf(start.event);
  const fault = faultOf(rows);
  const draft = { rule_id: start.rule.id, conditions: clean(rows), unit_id: unit || null };
  const now_ = JSON.stringify(draft);
  const current = seen === now_;
  const canPreview = may('events_search');
  const ready = !canPreview || (current && (preview.isSuccess || preview.isError));
  useEffect(
    () => () => {
      if (search.current) void stopPreview(search.current).catch(() => undefined);
    },
    [],
  );
  useEffect(() => {
    if (preview.data) effect.current?.scrollIntoView?.({ block: 'center' });
  }, [preview.data]);
  const set = (at: number, change: Partial<Condition>) =>
    setRows(rows.map((row, place) => (place === at ? { ...row, ...change } : row)));
  const look = () => {
    search.current = crypto.randomUUID();
    setSeen(now_);
    preview.mutate(
      { ...draft, days: kPreviewDays, search_id: search.current },
      {
        onSettled: () => {
          search.current = '';
        },
      },
    );
  };
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (fault || preview.isPending || add.isPending) return;
    if (!ready) {
      look();
      return;
    }
    const why = reason.trim().normalize('NFC');
    if (why === '') return;
    add.mutate(
      { ...draft, reason: why, expires: inDays(days, Date.now()) },
      { onSuccess: () => onClose() },
    );
  };
  return (
    <form className="form exform" onSubmit={send}>
      <p>
        <span className="strong">{t('exception.for', { title: start.rule.title })}</span>
        <br />
        <span className="dim">{t('exception.lead')}</span>
      </p>
      <fieldset>
        <legend className="legend">{t('exception.conditions')}</legend>
        <datalist id={names}>
          {[...fields.keys()].map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        {rows.map((row, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: rows are edited in place
          <div key={at} className="excond">
            <input
              className="input mono"
              aria-label={`${t('exception.field')} ${at + 1}`}
              list={names}
              maxLength={200}
              value={row.field}
              spellCheck={false}
              onChange={(event) => {
                const field = event.target.value;
                const known = fields.get(field);
                set(at, known !== undefined ? { field, value: known } : { field });
              }}
            />
            <select
              className="input"
              aria-label={`${t('exception.op')} ${at + 1}`}
              value={row.op}
              onChange={(event) => set(at, { op: event.target.value as Condition['op'] })}
            >
              {kOps.map((op) => (
                <option key={op} value={op}>
                  {t(kOpKeys[op])}
                </option>
              ))}
            </select>
            <input
              className="input mono"
              aria-label={`${t('exception.value')} ${at + 1}`}
              maxLength={2000}
              value={row.value}
              spellCheck={false}
              onChange={(event) => set(at, { value: event.target.value })}
            />
            <IconButton
              label={t('exception.removeCondition', { n: at + 1 })}
              disabled={rows.length === 1}
              onClick={() => setRows(rows.filter((_, place) => place !== at))}
            >
              <CloseIcon {...kIcon} />
            </IconButton>
          </div>
        ))}
        <Button
          size="mid"
          disabled={rows.length >= kMaxConditions}
          onClick={() => setRows([...rows, { field: '', op: 'equals', value: '' }])}
        >
          <PlusIcon {...kIcon} />
          {t('exception.addCondition')}
        </Button>
        {fault && (
          <p className="meta" style={{ marginTop: 8 }}>
            {fault.kind === 'none'
              ? t('exception.fault.none')
              : fault.kind === 'field'
                ? t('exception.fault.field', { n: fault.at })
                : t('exception.fault.value', { n: fault.at })}
          </p>
        )}
      </fieldset>
      <div className="expair">
        <label>
          <span className="name">{t('exception.unit')}</span>
          <select className="input" value={unit} onChange={(event) => setUnit(event.target.value)}>
            <option value="">{t('exception.anyUnit')}</option>
            {[...(units.data?.units ?? [])]
              .sort((a, b) => collator.compare(a.name, b.name))
              .map((each) => (
                <option key={each.id} value={each.id}>
                  {each.name}
                </option>
              ))}
          </select>
        </label>
        <label>
          <span className="name">{t('exception.expires')}</span>
          <select
            className="input"
            value={days}
            onChange={(event) => setDays(Number(event.target.value))}
          >
            {kDays.map((each) => (
              <option key={each} value={each}>
                {t('exception.days', { n: each, count: each })},{' '}
                {t('exception.until', { date: date(inDays(each, now)) })}
              </option>
            ))}
          </select>
        </label>
      </div>
      <label>
        <span className="name">{t('exception.reason')}</span>
        <textarea
          className="input"
          placeholder={t('exception.reasonHint')}
          maxLength={2000}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </label>
      <div ref={effect} className="exeffect" aria-live="polite">
        {preview.isPending ? (
          <p className="dim" style={{ display: 'flex', gap: 12, alignItems: 'center' }}>
            {t('exception.previewing')}
            <Button
              size="mid"
              onClick={() => void stopPreview(search.current).catch(() => undefined)}
            >
              {t('exception.stop')}
            </Button>
          </p>
        ) : preview.isError && current ? (
          <Failed what={t('exception.previewFailed')} error={preview.error} retry={look} />
        ) : (
          preview.data && (
            <>
              {!current && <p className="c-medium">{t('exception.stalePreview')}</p>}
              <div className={current ? '' : 'stale'}>
                <EffectView effect={preview.data} days={kPreviewDays} rows={rows} />
              </div>
            </>
          )
        )}
      </div>
      {add.isError && <Failed what={t('exception.addFailed')} error={add.error} />}
      <div className="dialog-foot">
        <span className="meta" style={{ marginRight: 'auto', alignSelf: 'center' }}>
          {t('exception.days', { n: number(days), count: days })},{' '}
          {t('exception.until', { date: date(inDays(days, now)) })}
        </span>
        <Button onClick={onClose}>{t('action.cancel')}</Button>
        {canPreview && ready && (
          <Button disabled={fault !== null || preview.isPending} onClick={look}>
            {t('exception.preview')}
          </Button>
        )}
        <Button
          type="submit"
          look="primary"
          disabled={
            fault !== null || preview.isPending || add.isPending || (ready && reason.trim() === '')
          }
        >
          {!ready
            ? t('exception.preview')
            : preview.isError
              ? t('exception.addAnyway')
              : t('exception.add')}
        </Button>
      </div>
    </form>
  );
}
