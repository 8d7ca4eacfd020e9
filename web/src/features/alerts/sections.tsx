// The parts of an alert's record, in the order that never changes: why, prevalence and outcomes,
// 24 hours of the host, entities, raw event, events, rule, timeline. Peek and page share them.
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { useMay } from '@/api/session.ts';
import { type TextKey, useText } from '@/text/index.ts';
import { dateTime, duration, hour, number, timeMillis, tooltipTime } from '@/ui/format.ts';
import {
  AddressIcon,
  FileIcon,
  HostIcon,
  JsonIcon,
  kIcon,
  LinkIcon,
  UserIcon,
} from '@/ui/icons.ts';
import { Button, Stamp } from '@/ui/parts.tsx';
import { Strip } from '@/ui/Spark.tsx';
import { Failed, SkeletonRows } from '@/ui/states.tsx';
import { copyText } from '@/ui/Value.tsx';
import { EntityValue } from './EntityValue.tsx';
import { type Detail, kVerdictKeys } from './model.ts';
import { useAddNote, useAlertEvents, useHostDay } from './queries.ts';
import { fieldText, markValues } from './raw.ts';

/** What hits of indicator lists are grouped by. */
const kIndicatorField = 'indicator';

const Explain = lazy(() =>
  import('@/shared/explain/Explain.tsx').then((room) => ({ default: room.Explain })),
);

function Section({
  title,
  note,
  aside,
  children,
}: {
  title: string;
  note?: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="section" aria-label={title}>
      <h3 className="section-head">
        {title}
        {note && <span className="meta">{note}</span>}
        {aside && <span className="aside">{aside}</span>}
      </h3>
      {children}
    </section>
  );
}

/** The fields that made the rule match are marked; what a correlation counted by stands with its count. */
export function Why({ alert }: { alert: Detail }) {
  const { t, language } = useText();
  const title = (language === 'vi' && alert.rule.title_vi) || alert.rule.title;
  const span = new Date(alert.last).getTime() - new Date(alert.first).getTime();
  return (
    <Section title={t('alert.why')} note={t('alert.whyRule', { title })}>
      <dl className="facts">
        {alert.kind === 'indicator' && <Indicator alert={alert} />}
        {alert.matched.map((each) => (
          <div key={`${each.field} ${each.value}`} style={{ display: 'contents' }}>
            <dt>{each.field}</dt>
            <dd>
              <EntityValue field={each.field} text={each.value} marked />
            </dd>
          </div>
        ))}
        {alert.group
          .filter((each) => !alert.matched.some((other) => other.field === each.field))
          .filter((each) => alert.kind !== 'indicator' || each.field !== kIndicatorField)
          .map((each) => (
            <div key={each.field} style={{ display: 'contents' }}>
              <dt>{each.field}</dt>
              <dd>
                <EntityValue field={each.field} text={each.value} marked />
              </dd>
            </div>
          ))}
        {alert.count > 1 && (
          <>
            <dt>{t('alert.whyCount')}</dt>
            <dd>
              <mark>{number(alert.count)}</mark>{' '}
              {span > 0 && (
                <span className="dim" style={{ fontSize: 12 }}>
                  {t('alert.whySpan', { span: duration(span) })}
                </span>
              )}
            </dd>
          </>
        )}
      </dl>
      <ConditionByCondition alert={alert} />
    </Section>
  );
}

/** The observable that stands in a list, what it is, and the list, which is the alert's rule. */
function Indicator({ alert }: { alert: Detail }) {
  const { t } = useText();
  const value =
    alert.group.find((each) => each.field === kIndicatorField)?.value ?? alert.key ?? '';
  const field = alert.matched.find((each) => each.value === value)?.field ?? kIndicatorField;
  const kind = alert.entities.find((each) => each.value === value)?.kind;
  return (
    <>
      <dt>{t('alert.indicator')}</dt>
      <dd>
        <EntityValue field={field} text={value} marked />{' '}
        {kind && <span className="meta">{t(kEntityKeys[kind])}</span>}
      </dd>
      <dt>{t('alert.indicatorList')}</dt>
      <dd>{alert.rule_id}</dd>
    </>
  );
}

/** The rule judged again on the newest event behind the alert; its matched branch is open. */
function ConditionByCondition({ alert }: { alert: Detail }) {
  const { t } = useText();
  const may = useMay();
  const event = alert.events[alert.events.length - 1] as Record<string, unknown> | undefined;
  if (alert.kind === 'indicator' || !may('rules_view')) return null;
  const id = fieldText(event?._id);
  const raw = fieldText(event?.['event.original']);
  const kept = raw ? { event: raw } : undefined;
  const asked = id ? { event_id: id } : kept;
  return (
    <section className="why-tree" aria-label={t('explain.section')}>
      <h4 className="legend">{t('explain.section')}</h4>
      {asked ? (
        <Suspense fallback={<SkeletonRows columns="16px 1fr" rows={3} height={24} padding={0} />}>
          <Explain rule={alert.rule_id} asked={asked} kept={id ? kept : undefined} />
        </Suspense>
      ) : (
        <p className="dim">{t('explain.noEvent')}</p>
      )}
    </section>
  );
}

export function Outlook({ alert }: { alert: Detail }) {
  const { t } = useText();
  const seen = alert.prevalence?.[0];
  const o = alert.outcomes;
  const parts = [
    { n: o.true_positive, key: 'alert.outcome.true', colour: 'var(--critical-fill)' },
    { n: o.benign, key: 'alert.outcome.benign', colour: 'var(--chart-4)' },
    { n: o.false_positive, key: 'alert.outcome.false', colour: 'var(--chart-0)' },
    { n: o.duplicate, key: 'alert.outcome.duplicate', colour: 'var(--chart-3)' },
    { n: o.open, key: 'alert.outcome.open', colour: 'var(--line2)' },
  ].filter((part) => part.n > 0) as { n: number; key: TextKey; colour: string }[];
  const ended = parts.some((part) => part.key !== 'alert.outcome.open');
  return (
    <div className="section twin">
      {seen && (
        <section aria-label={t('alert.prevalence')}>
          <h3 className="section-head">{t('alert.prevalence')}</h3>
          <p>
            <span className="big">{number(seen.hosts)}</span>{' '}
            <span className="dim">{t('alert.prevalenceHosts', { value: seen.value })}</span>
          </p>
          {seen.events !== undefined && (
            <p className="meta">{t('alert.prevalenceEvents', { n: number(seen.events) })}</p>
          )}
        </section>
      )}
      <section aria-label={t('alert.outcomes')}>
        <h3 className="section-head">
          {t('alert.outcomes')}
          <span className="meta">{t('alert.outcomesDays', { n: o.days })}</span>
        </h3>
        {ended ? (
          <>
            <div className="share" aria-hidden="true">
              {parts.map((part) => (
                <i key={part.key} style={{ flexGrow: part.n, background: part.colour }} />
              ))}
            </div>
            <p style={{ fontSize: 12 }}>
              {parts.map((part) => t(part.key, { n: number(part.n) })).join(' · ')}
            </p>
          </>
        ) : (
          <p className="dim">{t('alert.outcome.none')}</p>
        )}
      </section>
    </div>
  );
}

/** The host's last 24 hours; the bars from the alert's first to its last event are red. */
export function HostDay({ alert }: { alert: Detail }) {
  const { t } = useText();
  const host = alert.host ?? '';
  const day = useHostDay(alert.host);
  if (!alert.host) return null;
  const found = day.data?.histogram;
  if (!found && !day.isPending && !day.isError) return null;
  const from = found ? new Date(found.from).getTime() : 0;
  const bin = (stamp: string) =>
    found ? Math.floor((new Date(stamp).getTime() - from) / found.step_ms) : -1;
  const total = day.data?.total ?? found?.counts.reduce((sum, n) => sum + n, 0) ?? 0;
  const ticks = found
    ? [0, 0.25, 0.5, 0.75].map((share) => from + share * found.step_ms * found.counts.length)
    : [];
  return (
    <Section
      title={t('alert.hostDay', { host })}
      note={found && t('alert.hostEvents', { n: number(total) })}
    >
      {day.isPending && day.fetchStatus !== 'idle' && (
        <SkeletonRows columns="1fr" rows={1} height={44} padding={0} />
      )}
      {day.isError && (
        <Failed what={t('alert.hostFailed')} error={day.error} retry={() => void day.refetch()} />
      )}
      {found && total === 0 && <p className="dim">{t('alert.hostNone')}</p>}
      {found && total > 0 && (
        <>
          <Strip
            bins={found.counts}
            marked={(at) => at >= bin(alert.first) && at <= bin(alert.last)}
            label={t('alert.hostDayLabel', { host, n: found.counts.length })}
          />
          <div className="axis" aria-hidden="true">
            {ticks.map((at) => (
              <span key={at}>{`${hour(at)}:00`}</span>
            ))}
            <span>{t('alert.hostNow')}</span>
          </div>
        </>
      )}
    </Section>
  );
}

const kEntityIcons = {
  ip: AddressIcon,
  user: UserIcon,
  host: HostIcon,
  hash: FileIcon,
  domain: AddressIcon,
  process: JsonIcon,
  url: LinkIcon,
} as const;

const kEntityKeys = {
  ip: 'alert.entity.ip',
  user: 'alert.entity.user',
  host: 'alert.entity.host',
  hash: 'alert.entity.hash',
  domain: 'alert.entity.domain',
  process: 'alert.entity.process',
  url: 'alert.entity.url',
} as const satisfies Record<string, TextKey>;

const kEntityFields = {
  ip: 'source.ip',
  user: 'user.name',
  host: 'host.name',
  hash: 'file.hash.sha256',
  domain: 'url.domain',
  process: 'process.name',
  url: 'url.original',
} as const;

export function Entities({ alert }: { alert: Detail }) {
  const { t } = useText();
  if (alert.entities.length === 0) return null;
  return (
    <Section title={t('alert.entities')}>
      <ul>
        {alert.entities.map((entity) => {
          const Icon = kEntityIcons[entity.kind];
          const seen = alert.prevalence?.find((each) => each.value === entity.value);
          return (
            <li key={`${entity.kind} ${entity.value} ${entity.field}`} className="entity">
              <Icon {...kIcon} />
              <span className="name">
                <EntityValue
                  field={entity.field ?? kEntityFields[entity.kind]}
                  text={entity.value}
                  mono={false}
                />
              </span>
              <span className="dim cut">
                {t(kEntityKeys[entity.kind])}
                {entity.field ? `, ${entity.field}` : ''}
              </span>
              <span className="meta">{seen && t('alert.seenOn', { n: number(seen.hosts) })}</span>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}

function rawText(event: Record<string, unknown>): string {
  const original = fieldText(event['event.original']);
  if (original) return original;
  const fields = Object.entries(event).filter(([name]) => !name.startsWith('_'));
  return JSON.stringify(Object.fromEntries(fields), null, 1);
}

export function Raw({ alert }: { alert: Detail }) {
  const { t } = useText();
  const event = alert.events[alert.events.length - 1] as Record<string, unknown> | undefined;
  if (!event) return null;
  const text = rawText(event);
  const values = [...alert.matched, ...alert.group].map((each) => each.value);
  const kind = fieldText(event['event.dataset']) || fieldText(event._source);
  return (
    <Section
      title={t('alert.raw')}
      note={kind}
      aside={
        <button
          type="button"
          className="link"
          onClick={() => void copyText(text, t('action.copied'))}
        >
          {t('action.copy')}
        </button>
      }
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
      <pre className="rawbox mono scroll" tabIndex={0}>
        {markValues(text, values).map((piece, at) =>
          piece.marked ? (
            // biome-ignore lint/suspicious/noArrayIndexKey: a piece is its place
            <mark key={at}>{piece.text}</mark>
          ) : (
            piece.text
          ),
        )}
      </pre>
    </Section>
  );
}

/** The events behind the alert: those that came with it, then all of them on request. */
export function Events({ alert, all = false }: { alert: Detail; all?: boolean }) {
  const { t } = useText();
  const [wanted, setWanted] = useState(all);
  const more = useAlertEvents(alert.id, wanted);
  const [open, setOpen] = useState<number | null>(null);
  const events = (more.data?.events ?? alert.events) as Record<string, unknown>[];
  const total = more.data?.total ?? alert.count;
  return (
    <Section
      title={t('alert.events')}
      note={t('alert.eventsShown', { n: number(events.length), total: number(total) })}
    >
      {more.data?.kept && <p className="meta">{t('alert.eventsKept')}</p>}
      {more.isError && (
        <Failed
          what={t('alert.eventsFailed')}
          error={more.error}
          retry={() => void more.refetch()}
        />
      )}
      {events.length === 0 && !more.isPending && <p className="dim">{t('alert.eventsNone')}</p>}
      <ul>
        {events.map((event, at) => (
          <li key={fieldText(event._id) || at}>
            <button
              type="button"
              className="evrow"
              aria-expanded={open === at}
              onClick={() => setOpen(open === at ? null : at)}
            >
              <time
                className="mono dim"
                dateTime={fieldText(event['@timestamp'])}
                title={tooltipTime(fieldText(event['@timestamp']))}
              >
                {timeMillis(fieldText(event['@timestamp']))}
              </time>
              <span className="mono cut">{fieldText(event['host.name']) || '–'}</span>
              <span className="mono cut">
                {fieldText(event.message) || fieldText(event['event.original'])}
              </span>
            </button>
            {open === at && (
              <dl className="facts rawbox">
                {Object.entries(event)
                  .filter(([name]) => !name.startsWith('_'))
                  .map(([name, value]) => (
                    <div key={name} style={{ display: 'contents' }}>
                      <dt className="mono">{name}</dt>
                      <dd>
                        <EntityValue field={name} text={fieldText(value)} />
                      </dd>
                    </div>
                  ))}
              </dl>
            )}
          </li>
        ))}
      </ul>
      {!wanted && total > alert.events.length && (
        <button type="button" className="link" onClick={() => setWanted(true)}>
          {t('alert.seeEvents', { n: number(total) })}
        </button>
      )}
    </Section>
  );
}

export function RuleFacts({ alert }: { alert: Detail }) {
  const { t, language } = useText();
  const { rule } = alert;
  const text = (language === 'vi' && rule.description_vi) || rule.description;
  return (
    <Section title={t('alert.rule')}>
      {text && <p>{text}</p>}
      {(rule.tags?.length ?? 0) > 0 && (
        <p style={{ display: 'flex', flexWrap: 'wrap', gap: 4, marginTop: 8 }}>
          {rule.tags?.map((tag) => (
            <span key={tag} className="tag">
              {tag}
            </span>
          ))}
        </p>
      )}
      {(rule.false_positives?.length ?? 0) > 0 && (
        <p className="dim" style={{ marginTop: 8 }}>
          {t('alert.falsePositives')}: {rule.false_positives?.join('; ')}
        </p>
      )}
    </Section>
  );
}

const kTimelineKeys = {
  raised: 'alert.tl.raised',
  grown: 'alert.tl.grown',
  acknowledged: 'alert.tl.acknowledged',
  assigned: 'alert.tl.assigned',
  closed: 'alert.tl.closed',
  reopened: 'alert.tl.reopened',
  undone: 'alert.tl.undone',
  note: 'alert.tl.note',
} as const satisfies Record<string, TextKey>;

export function Timeline({
  alert,
  noteBox,
}: {
  alert: Detail;
  noteBox?: React.RefObject<HTMLTextAreaElement | null>;
}) {
  const { t } = useText();
  const [text, setText] = useState('');
  const add = useAddNote(alert.id);
  return (
    <Section title={t('alert.timeline')}>
      <ul className="history">
        {alert.timeline.map((entry, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: entries are only ever added at the end
          <li key={at}>
            <Stamp at={entry.time} className="num">
              {dateTime(entry.time)}
            </Stamp>
            <div>
              <span className="strong">{t(kTimelineKeys[entry.kind])}</span>{' '}
              {entry.actor && <span className="dim">{entry.actor.name}</span>}
              {entry.verdict && <span className="dim"> · {t(kVerdictKeys[entry.verdict])}</span>}
              {entry.text && <p style={{ overflowWrap: 'anywhere' }}>{entry.text}</p>}
            </div>
          </li>
        ))}
      </ul>
      <form
        style={{ display: 'flex', gap: 8, alignItems: 'flex-end', marginTop: 8 }}
        onSubmit={(event) => {
          event.preventDefault();
          const note = text.trim().normalize('NFC');
          if (note && !add.isPending) add.mutate(note, { onSuccess: () => setText('') });
        }}
      >
        <textarea
          ref={noteBox}
          className="input"
          aria-label={t('alert.note')}
          placeholder={t('alert.noteHint')}
          style={{ minHeight: 36 }}
          rows={1}
          maxLength={4000}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
              event.currentTarget.form?.requestSubmit();
            }
          }}
        />
        <Button type="submit" disabled={text.trim() === '' || add.isPending}>
          {t('alert.noteSave')}
        </Button>
      </form>
    </Section>
  );
}
