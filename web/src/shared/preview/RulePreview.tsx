// What a rule, or a draft of one, would have found in history: asked for by a button, never by itself.
import { useEffect, useRef, useState } from 'react';
import { useText } from '@/text/index.ts';
import { date, dateTime, number, tooltipTime } from '@/ui/format.ts';
import { Button } from '@/ui/parts.tsx';
import { Failed } from '@/ui/states.tsx';
import {
  type RulePreview as Preview,
  type Previewed,
  stopRulePreview,
  useRulePreview,
} from './queries.ts';
import './preview.css';

const kDays = [1, 7, 30, 90] as const;
const kHosts = 5;

const stop = (id: string) => {
  if (id) void stopRulePreview(id).catch(() => undefined);
};

export function RulePreview({ of }: { of: Previewed }) {
  const { t } = useText();
  const preview = useRulePreview();
  const [days, setDays] = useState<number>(7);
  const [seen, setSeen] = useState('');
  const search = useRef('');
  const now = JSON.stringify([of, days]);
  useEffect(() => () => stop(search.current), []);
  const look = () => {
    search.current = crypto.randomUUID();
    setSeen(now);
    preview.mutate(
      { ...of, from: `-${days}d`, search_id: search.current },
      {
        onSettled: () => {
          search.current = '';
        },
      },
    );
  };
  return (
    <section className="section" aria-label={t('preview.title')}>
      <h3 className="section-head">{t('preview.title')}</h3>
      <div className="rpask">
        <select
          className="input"
          aria-label={t('preview.span')}
          value={days}
          onChange={(event) => setDays(Number(event.target.value))}
        >
          {kDays.map((each) => (
            <option key={each} value={each}>
              {t('preview.days', { n: number(each), count: each })}
            </option>
          ))}
        </select>
        {preview.isPending ? (
          <Button onClick={() => stop(search.current)}>{t('exception.stop')}</Button>
        ) : (
          <Button onClick={look}>{t('preview.run')}</Button>
        )}
      </div>
      <div aria-live="polite">
        {preview.isPending && <p className="dim">{t('exception.previewing')}</p>}
        {preview.isError && (
          <Failed what={t('preview.failed')} error={preview.error} retry={look} />
        )}
        {preview.data && !preview.isPending && (
          <>
            {seen !== now && <p className="c-medium">{t('preview.stale')}</p>}
            <PreviewView preview={preview.data} />
          </>
        )}
      </div>
    </section>
  );
}

export function PreviewView({ preview }: { preview: Preview }) {
  const { t } = useText();
  const most = Math.max(1, ...preview.days.map((each) => each.matched));
  const left = preview.hosts_all - Math.min(kHosts, preview.hosts.length);
  return (
    <>
      <p>
        <b className="rpfigure num">{number(preview.matched)}</b>{' '}
        {t('preview.matched', { hosts: number(preview.hosts_all) })}
      </p>
      {typeof preview.partial === 'string' && (
        <p className="c-high">{t('exception.partial', { reason: preview.partial })}</p>
      )}
      {preview.days.length > 0 && (
        <table className="rpdays" aria-label={t('preview.byDay')}>
          <tbody>
            {preview.days.map(({ day, matched }) => (
              <tr key={day}>
                <th scope="row" className="num">
                  {date(day)}
                </th>
                <td aria-hidden="true">
                  <span className="rpbar" style={{ width: `${(100 * matched) / most}%` }} />
                </td>
                <td className="num">{number(matched)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {preview.hosts.length > 0 && (
        <p className="rphosts">
          <span className="meta">{t('preview.byHost')}</span>{' '}
          {preview.hosts.slice(0, kHosts).map(({ host, matched }) => (
            <span key={host} className="tag">
              <span className="mono">{host || t('preview.noHost')}</span>{' '}
              <span className="num">{number(matched)}</span>
            </span>
          ))}
          {left > 0 && <span className="meta">{t('preview.moreHosts', { n: number(left) })}</span>}
        </p>
      )}
      {preview.samples.length > 0 && (
        <>
          <h4 className="legend">{t('preview.samples')}</h4>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
          <ul className="rpsamples scroll" tabIndex={0}>
            {preview.samples.map(({ rule_id, event }, at) => (
              <Sample key={text(event, '_id') || `${rule_id} ${at}`} event={event} />
            ))}
          </ul>
        </>
      )}
      <p className="meta">
        {t('preview.cost', {
          events: number(preview.judged_events),
          skipped: number(preview.blocks_skipped),
          blocks: number(preview.blocks),
        })}
      </p>
    </>
  );
}

function text(event: object, field: string): string {
  const value = (event as Record<string, unknown>)[field];
  return typeof value === 'string' ? value : value == null ? '' : JSON.stringify(value);
}

function Sample({ event }: { event: object }) {
  const time = text(event, '@timestamp');
  return (
    <li>
      <time className="num dim" dateTime={time} title={tooltipTime(time)}>
        {dateTime(time)}
      </time>
      <span className="mono">{text(event, 'host.name') || '–'}</span>
      <span className="mono">{text(event, 'message') || text(event, 'event.original')}</span>
    </li>
  );
}
