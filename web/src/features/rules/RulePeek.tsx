// A rule beside the list: what it looks for, how it did here, why it did not load, its exceptions, text.
import { Link } from '@tanstack/react-router';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { ApiError } from '@/api/client.ts';
import { useMay } from '@/api/session.ts';
import {
  tacticName,
  tacticOf,
  techniqueName,
  techniqueOf,
  useTechniques,
} from '@/shared/attack.ts';
import { ExceptionDialog, type Start } from '@/shared/exceptions/ExceptionDialog.tsx';
import { TryDialog } from '@/shared/explain/TryDialog.tsx';
import { RulePreview } from '@/shared/preview/RulePreview.tsx';
import { useText } from '@/text/index.ts';
import { ConflictDialog, type Facts } from '@/ui/ConflictDialog.tsx';
import { ErrorBoundary } from '@/ui/ErrorBoundary.tsx';
import { date, dateTime, number, percent } from '@/ui/format.ts';
import { CloseIcon, kIcon, LinkIcon } from '@/ui/icons.ts';
import { useKeys } from '@/ui/keys.ts';
import { Button, IconButton } from '@/ui/parts.tsx';
import { asLevel, Severity } from '@/ui/Severity.tsx';
import { Empty, Failed, SkeletonRows } from '@/ui/states.tsx';
import { copyText } from '@/ui/Value.tsx';
import { type Rule, type RuleConflict, type RuleFull, useRule, useSwitchRule } from './queries.ts';
import { RuleExceptions } from './RuleExceptions.tsx';
import { costWords, falseWords, kKindKeys, StateWords, titleOf } from './RuleList.tsx';
import { sourceOf } from './search.ts';

export function RulePeek({
  id,
  row,
  onTechnique,
  onClose,
}: {
  id: string;
  /** What the list knows already; the panel shows it until the whole rule is there. */
  row: Rule | undefined;
  onTechnique: (technique: string) => void;
  onClose: () => void;
}) {
  const { t, language } = useText();
  const may = useMay();
  const full = useRule(id);
  const rule: Rule | undefined = full.data ?? row;
  const [start, setStart] = useState<Start | null>(null);
  const [trying, setTrying] = useState(false);
  useKeys([{ key: 'Escape', label: t('keys.escape'), group: t('keys.groupGo'), run: onClose }]);
  return (
    <aside className="peek rule-peek" aria-label={t('rules.details')}>
      <div className="peek-bar">
        {rule?.kind && <span>{t(kKindKeys[rule.kind])}</span>}
        <div className="tools">
          <IconButton
            label={t('rules.link')}
            onClick={() =>
              void copyText(
                `${window.location.origin}/rules?rule=${encodeURIComponent(id)}`,
                t('rules.linkCopied'),
              )
            }
          >
            <LinkIcon {...kIcon} />
          </IconButton>
          <IconButton label={t('action.close')} onClick={onClose}>
            <CloseIcon {...kIcon} />
          </IconButton>
        </div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
      <div className="peek-body scroll" tabIndex={0}>
        <ErrorBoundary>
          {!rule && full.isPending && <SkeletonRows columns="40% 1fr" rows={10} height={32} />}
          {rule && (
            <>
              <div className="record-head">
                <div className="levels">
                  <Severity level={asLevel(rule.level)} boxed />
                  {(rule.status === 'refused' || !rule.enabled) && (
                    <span className="tag">
                      <StateWords rule={rule} />
                    </span>
                  )}
                </div>
                <h2 className="record-title">{titleOf(rule, language)}</h2>
                <div className="subject">
                  {sourceOf(rule) && <span>{sourceOf(rule)}</span>}
                  {rule.pack && (
                    <span>
                      {rule.pack.name} {rule.pack.version}
                    </span>
                  )}
                </div>
                {rule.status === 'loaded' && (
                  <Acts
                    rule={rule}
                    onTry={() => setTrying(true)}
                    onExcept={() =>
                      setStart({
                        rule: { id: rule.id, title: titleOf(rule, language) },
                        conditions: [{ field: '', op: 'equals', value: '' }],
                      })
                    }
                  />
                )}
              </div>
              {rule.status === 'refused' && <Refused rule={rule} />}
              {!rule.enabled && (
                <p className="section c-medium">
                  {t('rules.offBecause', {
                    who: rule.disabled_by ?? '–',
                    reason: rule.disabled_reason ?? '–',
                  })}
                </p>
              )}
              <What rule={rule} />
              {rule.status === 'loaded' && <Figures rule={rule} />}
              <Attack tags={rule.tags ?? []} onTechnique={onTechnique} />
              {rule.status === 'loaded' && may('events_search') && (
                <RulePreview key={rule.id} of={{ rule_id: rule.id }} />
              )}
              {rule.status === 'loaded' && may('rules_view') && <RuleExceptions rule={rule.id} />}
              <Origin rule={rule} full={full.data} />
            </>
          )}
          {full.isError &&
            (!rule && full.error instanceof ApiError && full.error.status === 404 ? (
              <Empty kind="nothing" title={t('rules.gone')} />
            ) : (
              rule?.status !== 'refused' && (
                <Failed
                  what={t('rules.textFailed')}
                  error={full.error}
                  retry={() => void full.refetch()}
                />
              )
            ))}
          {full.data && <Source full={full.data} />}
        </ErrorBoundary>
      </div>
      <ExceptionDialog start={start} onClose={() => setStart(null)} />
      {rule && (
        <TryDialog
          opened={trying}
          rule={{ id: rule.id, title: titleOf(rule, language) }}
          onClose={() => setTrying(false)}
        />
      )}
    </aside>
  );
}

function Section({ title, note, children }: { title: string; note?: string; children: ReactNode }) {
  return (
    <section className="section" aria-label={title}>
      <h3 className="section-head">
        {title}
        {note && <span className="meta">{note}</span>}
      </h3>
      {children}
    </section>
  );
}

function Acts({ rule, onTry, onExcept }: { rule: Rule; onTry: () => void; onExcept: () => void }) {
  const { t } = useText();
  const may = useMay();
  const [conflict, setConflict] = useState<RuleConflict | null>(null);
  const change = useSwitchRule(setConflict);
  const [asking, setAsking] = useState(false);
  const [reason, setReason] = useState('');
  const facts = (of: Rule): Facts => [
    [t('conflict.status'), t(of.enabled ? 'rules.state.loaded' : 'rules.state.off')],
    [t('rules.by'), of.disabled_by || '–'],
    [t('conflict.reason'), of.disabled_reason || '–'],
  ];
  const send = (event: FormEvent) => {
    event.preventDefault();
    const why = reason.trim().normalize('NFC');
    if (why === '') return;
    change.mutate(
      { rule, enabled: false, reason: why },
      {
        onSuccess: () => {
          setAsking(false);
          setReason('');
        },
      },
    );
  };
  return (
    <>
      <div className="acts">
        <Button onClick={onTry}>{t('explain.tryEvent')}</Button>
        {may('rules_edit') && (
          <>
            <Button onClick={onExcept}>{t('exception.new')}</Button>
            {rule.enabled ? (
              <Button aria-expanded={asking} onClick={() => setAsking(!asking)}>
                {t('rules.turnOff')}
              </Button>
            ) : (
              <Button
                look="primary"
                disabled={change.isPending}
                onClick={() => change.mutate({ rule, enabled: true, reason: '' })}
              >
                {t('rules.turnOn')}
              </Button>
            )}
          </>
        )}
      </div>
      {asking && rule.enabled && (
        <form className="rule-off" onSubmit={send}>
          <input
            className="input"
            // biome-ignore lint/a11y/noAutofocus: the field appears because it was asked for
            autoFocus
            required
            maxLength={2000}
            aria-label={t('rules.reason')}
            placeholder={t('rules.reason')}
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
          <Button type="submit" look="danger" disabled={change.isPending || reason.trim() === ''}>
            {t('rules.turnOff')}
          </Button>
        </form>
      )}
      {conflict && (
        <ConflictDialog
          title={t('rules.conflict')}
          mine={facts(conflict.mine.rule)}
          theirs={facts(conflict.current)}
          action={t(conflict.mine.enabled ? 'rules.turnOn' : 'rules.turnOff')}
          onKeep={() => setConflict(null)}
          onApply={() => {
            setConflict(null);
            change.mutate({ ...conflict.mine, rule: conflict.current });
          }}
        />
      )}
    </>
  );
}

function Refused({ rule }: { rule: Rule }) {
  const { t } = useText();
  return (
    <Section title={t('rules.whyRefused')}>
      <p className="c-high" style={{ overflowWrap: 'anywhere' }}>
        {rule.reason || '–'}
      </p>
      <p className="meta mono">
        {rule.line
          ? t('rules.atLine', { path: rule.path ?? '', line: rule.line })
          : (rule.path ?? '')}
      </p>
    </Section>
  );
}

function What({ rule }: { rule: Rule }) {
  const { t, language } = useText();
  const words = (language === 'vi' && rule.description_vi) || rule.description;
  const local = language === 'vi' && (rule.false_positives_vi?.length ?? 0) > 0;
  const mistakes = (local ? rule.false_positives_vi : rule.false_positives) ?? [];
  return (
    <Section title={t('rules.what')}>
      <p className={words ? 'rule-words' : 'dim'}>{words || t('rules.noWords')}</p>
      {mistakes.length > 0 && (
        <>
          <h4 className="legend" style={{ marginTop: 8 }}>
            {t('alert.falsePositives')}
          </h4>
          <ul className="dots">
            {mistakes.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </>
      )}
    </Section>
  );
}

function Figures({ rule }: { rule: Rule }) {
  const { t } = useText();
  const alerts = rule.alerts ?? 0;
  return (
    <Section title={t('rules.figures')}>
      <div className="rule-figures">
        <p>
          <span className="meta">{t('rules.col.hits')}</span>
          <b className="num">{number(rule.hits)}</b>
          <span className="meta">
            {rule.last_hit
              ? t('rules.lastHit', { time: dateTime(rule.last_hit) })
              : t('rules.neverHit')}
          </span>
        </p>
        <p>
          <span className="meta">{t('rules.col.alerts')}</span>
          <b className="num">{number(alerts)}</b>
          {alerts > 0 && (
            <Link to="/alerts" search={{ rule: rule.id }} style={{ fontSize: 12 }}>
              {t('rules.openAlerts', { n: number(alerts), count: alerts })}
            </Link>
          )}
        </p>
        <p>
          <span className="meta">{t('rules.col.false')}</span>
          <b className="num">
            {rule.false_positive_ratio == null ? '–' : percent(rule.false_positive_ratio, 0)}
          </b>
          <span className="meta">{falseWords(rule, t)}</span>
        </p>
        <p>
          <span className="meta">{t('rules.costShare')}</span>
          <b className="num">{rule.cost?.share == null ? '–' : percent(rule.cost.share, 2)}</b>
          <span className="meta">{costWords(rule, t)}</span>
        </p>
      </div>
    </Section>
  );
}

function Attack({
  tags,
  onTechnique,
}: {
  tags: string[];
  onTechnique: (technique: string) => void;
}) {
  const { t } = useText();
  const all = useTechniques();
  const techniques = tags.flatMap((tag) => techniqueOf(tag) ?? []);
  const tactics = tags.flatMap((tag) => tacticOf(tag) ?? []);
  const others = tags.filter((tag) => !techniqueOf(tag) && !tacticOf(tag));
  if (tags.length === 0) return null;
  return (
    <Section title={t('rules.attack')} note={tactics.map((each) => tacticName(each, t)).join(', ')}>
      <ul>
        {techniques.map((each) => (
          <li key={each}>
            <button type="button" className="link" onClick={() => onTechnique(each)}>
              <span className="num">{each}</span> {techniqueName(each, all.data)}
            </button>
          </li>
        ))}
      </ul>
      {others.length > 0 && (
        <p className="rule-tags">
          <span className="meta">{t('rules.otherTags')}</span>
          {others.map((tag) => (
            <span key={tag} className="tag">
              {tag}
            </span>
          ))}
        </p>
      )}
    </Section>
  );
}

function Origin({ rule, full }: { rule: Rule; full: RuleFull | undefined }) {
  const { t } = useText();
  const facts: [string, ReactNode][] = [
    [t('rules.pack'), rule.pack ? `${rule.pack.name} ${rule.pack.version}` : t('rules.packOwn')],
    [t('rules.path'), rule.path && <span className="mono">{rule.path}</span>],
    [
      t('rules.id'),
      <span key="id" className="mono">
        {rule.id}
      </span>,
    ],
    [t('rules.author'), rule.author],
    [t('rules.license'), rule.license],
    [
      t('rules.dates'),
      [full?.date, full?.modified]
        .filter(Boolean)
        .map((each) => (/^\d{4}-\d\d-\d\d$/.test(each ?? '') ? date(each) : each))
        .join(', '),
    ],
    [t('rules.maturity'), full?.maturity],
    [
      t('rules.related'),
      full?.related?.length
        ? full.related.map((each) => (
            <span key={`${each.type} ${each.id}`} style={{ display: 'block' }}>
              {each.type} <span className="mono">{each.id}</span>
            </span>
          ))
        : null,
    ],
    [
      t('rules.references'),
      full?.references?.length
        ? full.references.map((each) => <Reference key={each} text={each} />)
        : null,
    ],
    [
      t('rules.warnings'),
      full?.warnings?.length
        ? full.warnings.map((each) => (
            <span key={each} className="c-medium" style={{ display: 'block' }}>
              {each}
            </span>
          ))
        : null,
    ],
  ];
  return (
    <Section title={t('rules.origin')}>
      <dl className="facts">
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name} style={{ display: 'contents' }}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </Section>
  );
}

/** Opened by a click only, in a tab of its own that is not told where it came from. */
function Reference({ text }: { text: string }) {
  const safe = /^https?:\/\//i.test(text);
  return safe ? (
    <a href={text} target="_blank" rel="noreferrer noopener" style={{ display: 'block' }}>
      {text}
    </a>
  ) : (
    <span style={{ display: 'block' }}>{text}</span>
  );
}

function Source({ full }: { full: RuleFull }) {
  const { t } = useText();
  const lines = full.text.replace(/\n$/, '').split('\n');
  const bad = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    const line = bad.current;
    const box = line?.parentElement;
    if (line && box) box.scrollTop = line.offsetTop - box.offsetTop - 60;
  }, []);
  return (
    <Section title={t('rules.text')}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
      <pre className="rawbox mono scroll yaml" tabIndex={0}>
        {lines.map((line, at) => (
          <span
            // biome-ignore lint/suspicious/noArrayIndexKey: a line is its place
            key={at}
            ref={full.line === at + 1 ? bad : undefined}
            className={full.line === at + 1 ? 'bad' : undefined}
          >
            {full.line === at + 1 && <span className="sr">{t('rules.refusedLine')}: </span>}
            {`${line}\n`}
          </span>
        ))}
      </pre>
      <button
        type="button"
        className="link"
        onClick={() => void copyText(full.text, t('action.copied'))}
      >
        {t('action.copy')}
      </button>
    </Section>
  );
}
