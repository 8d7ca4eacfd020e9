import { type FormEvent, useState } from 'react';
import { useMay } from '@/api/session.ts';
import { type TextKey, useText } from '@/text/index.ts';
import { ConflictDialog, type Facts } from '@/ui/ConflictDialog.tsx';
import { date, dateTime } from '@/ui/format.ts';
import { Button, Stamp } from '@/ui/parts.tsx';
import { inDays, kDays, type RuleException } from './model.ts';
import { type ExceptionConflict, useChangeException } from './queries.ts';
import './exceptions.css';

const kOpKeys: Record<RuleException['conditions'][number]['op'], TextKey> = {
  equals: 'exception.op.equals',
  startswith: 'exception.op.startswith',
  endswith: 'exception.op.endswith',
  contains: 'exception.op.contains',
  cidr: 'exception.op.cidr',
};

export const kStateKeys: Record<RuleException['state'], TextKey> = {
  active: 'exception.state.active',
  expired: 'exception.state.expired',
  removed: 'exception.state.removed',
  broken: 'exception.state.broken',
};

export const kStateTones: Record<RuleException['state'], string> = {
  active: 'c-ok',
  expired: 'dim',
  removed: 'dim',
  broken: 'c-high',
};

/** One exception: what it silences, why, until when, and what may be done with it. */
export function ExceptionRow({ of }: { of: RuleException }) {
  const { t } = useText();
  const may = useMay();
  const [conflict, setConflict] = useState<ExceptionConflict | null>(null);
  const change = useChangeException(setConflict);
  const [doing, setDoing] = useState<'remove' | 'restore' | 'extend' | null>(null);
  const [reason, setReason] = useState('');
  const [days, setDays] = useState(30);
  const facts = (one: RuleException): Facts => [
    [t('conflict.status'), t(kStateKeys[one.state])],
    [t('exception.expires'), dateTime(one.expires)],
    [t('rules.by'), one.changed_by || one.created_by],
    [t('conflict.reason'), one.changed_reason || one.reason],
  ];
  const send = (event: FormEvent) => {
    event.preventDefault();
    const why = reason.trim().normalize('NFC');
    if (why === '' || !doing) return;
    change.run(
      of,
      doing === 'extend'
        ? { expires: inDays(days, Date.now()), reason: why }
        : { removed: doing === 'remove', reason: why },
    );
    setDoing(null);
    setReason('');
  };
  return (
    <div className="exrow">
      <p className="conds">
        {of.conditions.map((each) => (
          <span key={`${each.field} ${each.op} ${each.value}`}>
            <span className="mono strong">{each.field}</span>{' '}
            <span className="dim">{t(kOpKeys[each.op])}</span>{' '}
            <code className="mono">{each.value}</code>
          </span>
        ))}
      </p>
      <p>{of.reason}</p>
      {of.state === 'broken' && (
        <p className="c-high">{t('exception.broken', { fault: of.fault ?? '–' })}</p>
      )}
      <p className="meta">
        <span className={kStateTones[of.state]}>{t(kStateKeys[of.state])}</span>
        {', '}
        <Stamp at={of.expires}>{t('exception.expiresAt', { time: dateTime(of.expires) })}</Stamp>
        {' · '}
        {t('exception.by', { who: of.created_by, time: dateTime(of.created_at) })}
        {of.unit && ` · ${of.unit.name}`}
      </p>
      {of.changed_by && of.changed_at && (
        <p className="meta">
          {t('exception.changedBy', {
            who: of.changed_by,
            time: dateTime(of.changed_at),
            reason: of.changed_reason ?? '–',
          })}
        </p>
      )}
      {may('rules_edit') && !doing && (
        <div className="acts">
          {of.state === 'removed' ? (
            <Button size="mid" disabled={change.busy} onClick={() => setDoing('restore')}>
              {t('exception.restore')}
            </Button>
          ) : (
            <>
              <Button size="mid" disabled={change.busy} onClick={() => setDoing('extend')}>
                {t('exception.extend')}
              </Button>
              {of.state !== 'expired' && (
                <Button size="mid" disabled={change.busy} onClick={() => setDoing('remove')}>
                  {t('exception.remove')}
                </Button>
              )}
            </>
          )}
        </div>
      )}
      {doing && (
        <form className="form" style={{ gap: 8, marginTop: 6 }} onSubmit={send}>
          <p className="strong">
            {doing === 'remove'
              ? t('exception.removeTitle')
              : doing === 'extend'
                ? t('exception.extendTitle')
                : t('exception.restore')}
          </p>
          {doing === 'remove' && <p className="dim">{t('exception.removeLead')}</p>}
          {doing === 'extend' && (
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
                    {t('exception.until', { date: date(inDays(each, Date.now())) })}
                  </option>
                ))}
              </select>
            </label>
          )}
          <label>
            <span className="name">{t('exception.reason')}</span>
            <input
              className="input"
              // biome-ignore lint/a11y/noAutofocus: the field appears because it was asked for
              autoFocus
              required
              maxLength={2000}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </label>
          <div className="acts">
            <Button
              size="mid"
              type="submit"
              look={doing === 'remove' ? 'danger' : 'primary'}
              disabled={reason.trim() === ''}
            >
              {doing === 'remove'
                ? t('exception.remove')
                : doing === 'extend'
                  ? t('exception.extend')
                  : t('exception.restore')}
            </Button>
            <Button size="mid" onClick={() => setDoing(null)}>
              {t('action.cancel')}
            </Button>
          </div>
        </form>
      )}
      {conflict && (
        <ConflictDialog
          title={t('exception.conflict')}
          mine={facts(conflict.before)}
          theirs={facts(conflict.current)}
          action={t(
            conflict.body.removed === undefined
              ? 'exception.extend'
              : conflict.body.removed
                ? 'exception.remove'
                : 'exception.restore',
          )}
          onKeep={() => setConflict(null)}
          onApply={() => {
            setConflict(null);
            change.run(conflict.current, conflict.body);
          }}
        />
      )}
    </div>
  );
}
