import { useState } from 'react';
import { useMay } from '@/api/session.ts';
import { useText } from '@/text/index.ts';
import { collator, dateTime, duration, number, sameDay, time } from '@/ui/format.ts';
import { Menu } from '@/ui/Menu.tsx';
import { Button } from '@/ui/parts.tsx';
import { toast } from '@/ui/toasts.tsx';
import { useNow } from '@/ui/useNow.ts';
import {
  type Source,
  type SourceChange,
  useChangeSource,
  useLastLine,
  useSourceUnits,
} from './queries.ts';

const kSnoozeHours = [1, 4, 12, 24] as const;

/** What an opened source says about itself, and what can be done with it. */
export function SourceDetail({ source, profiles }: { source: Source; profiles: string[] }) {
  const { t } = useText();
  const now = useNow(60_000);
  const may = useMay();
  const change = useChangeSource();
  const units = useSourceUnits();
  const [wantLine, setWantLine] = useState(false);
  const line = useLastLine(source.name, wantLine);
  const set = (what: SourceChange) =>
    change.mutate(
      { name: source.name, change: what },
      { onSuccess: () => toast(t('sources.changed')) },
    );
  const snoozed = source.snooze_until && new Date(source.snooze_until).getTime() > now;
  const lastText = line.data
    ? String(line.data['event.original'] ?? JSON.stringify(line.data))
    : '';
  return (
    <>
      <p style={{ flex: '1 1 320px' }}>
        {source.state === 'silent' ? (
          <>
            <b className="c-high" style={{ fontWeight: 500 }}>
              {t('sources.state.silent', { span: duration((source.silent_for_s ?? 0) * 1000) })}
            </b>{' '}
            {source.usual_gap_s != null &&
              t('sources.usual', { span: duration(source.usual_gap_s * 1000) })}{' '}
            {source.last_event &&
              t('sources.lastAt', {
                time: sameDay(source.last_event, now)
                  ? time(source.last_event)
                  : dateTime(source.last_event),
              })}
          </>
        ) : (
          t('sources.summary', {
            events: number(source.events ?? 0),
            failed: number(source.parse_failed ?? 0),
            dropped: number(source.dropped ?? 0),
          })
        )}
      </p>
      {may('events_search') && (
        <Button size="mid" onClick={() => setWantLine(true)}>
          {t('sources.lastLine')}
        </Button>
      )}
      {may('sources_edit') && (
        <>
          <label style={{ display: 'inline-flex', alignItems: 'center', gap: 8 }}>
            <span className="meta">{t('queue.col.unit')}</span>
            <select
              className="input"
              style={{ width: 180, minHeight: 28, padding: '2px 8px' }}
              value={source.unit?.id ?? ''}
              disabled={change.isPending}
              onChange={(event) => set({ unit_id: event.target.value || null })}
            >
              <option value="">{t('queue.noUnit')}</option>
              {[...(units.data?.units ?? [])]
                .sort((a, b) => collator.compare(a.name, b.name))
                .map((unit) => (
                  <option key={unit.id} value={unit.id}>
                    {unit.name}
                  </option>
                ))}
            </select>
          </label>
          <label style={{ display: 'inline-flex', alignItems: 'center', gap: 8 }}>
            <span className="meta">{t('sources.profile')}</span>
            <select
              className="input"
              style={{ width: 140, minHeight: 28, padding: '2px 8px' }}
              value={source.profile}
              disabled={change.isPending}
              onChange={(event) => set({ profile: event.target.value })}
            >
              <option value="">{t('sources.byShape')}</option>
              {[...new Set([...profiles, source.profile])].filter(Boolean).map((profile) => (
                <option key={profile} value={profile}>
                  {profile}
                </option>
              ))}
            </select>
          </label>
          {snoozed ? (
            <Button
              size="mid"
              disabled={change.isPending}
              onClick={() => set({ snooze_until: null })}
            >
              {t('sources.unsnooze')}
            </Button>
          ) : (
            <Menu
              position="bottom-end"
              width={180}
              trigger={
                <Button size="mid" disabled={change.isPending}>
                  {t('sources.snooze')}
                </Button>
              }
              entries={kSnoozeHours.map((hours) => ({
                label: t('time.hours', { n: hours }),
                run: () =>
                  set({ snooze_until: new Date(Date.now() + hours * 3_600_000).toISOString() }),
              }))}
            />
          )}
        </>
      )}
      {source.failure_sample && (
        <div style={{ flex: '1 1 100%' }}>
          <p className="meta">{t('sources.failure', { reason: source.failure_reason ?? '–' })}</p>
          <pre className="rawline mono">{source.failure_sample}</pre>
        </div>
      )}
      {wantLine && !line.isPending && (
        <pre className="rawline mono">{lastText || t('sources.noLine')}</pre>
      )}
    </>
  );
}
