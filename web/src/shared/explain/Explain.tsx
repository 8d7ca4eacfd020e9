// Why a rule matches an event, or why not: the verdict, the one reason, the log source, the tree.
import { useState } from 'react';
import { type Translate, useText } from '@/text/index.ts';
import { ChevronDownIcon, ChevronRightIcon } from '@/ui/icons.ts';
import { Failed, SkeletonRows } from '@/ui/states.tsx';
import { ExplainTree, ItemWords, opWords, Sign } from './ExplainTree.tsx';
import { type Explanation, firstReason, kBareOps, type Reason } from './model.ts';
import { type Asked, useExplanation } from './queries.ts';
import './explain.css';

export function Explain({
  rule,
  asked,
  kept,
}: {
  rule: string;
  asked: Asked;
  /** The raw copy to judge when history no longer holds the event. */
  kept?: Asked | undefined;
}) {
  const { t } = useText();
  const found = useExplanation(rule, asked, kept);
  if (found.isPending) return <SkeletonRows columns="16px 1fr" rows={3} height={24} padding={0} />;
  if (found.isError) {
    return (
      <Failed
        what={t('explain.failed')}
        error={found.error}
        retry={() => void found.refetch()}
        unaffected={t('explain.failedRest')}
      />
    );
  }
  return <ExplanationView key={JSON.stringify(asked)} found={found.data} />;
}

type Verdict = Explanation['verdict'];

function verdictWords(verdict: Verdict, t: Translate): string {
  switch (verdict) {
    case 'match':
      return t('explain.match');
    case 'no_match':
      return t('explain.noMatch');
    case 'other_source':
      return t('explain.otherSource');
    default:
      return t('explain.correlation');
  }
}

export function reasonWords(reason: Reason, t: Translate): string {
  if (reason.kind === 'excluded') return t('explain.becauseExcluded', { name: reason.name });
  if (reason.kind === 'exception') return t('explain.becauseException', { name: reason.name });
  const { item } = reason;
  const first = item.expected[0];
  const wanted = first
    ? [opWords(first.op, t), kBareOps.has(first.op) ? '' : first.value].filter(Boolean).join(' ') +
      (item.expected_count > 1 ? ' …' : '')
    : '–';
  if (item.field === '') return t('explain.becauseText', { wanted });
  if (!item.actual) return t('explain.becauseMissing', { field: item.field });
  const actual = item.actual.value === '' ? t('explain.empty') : cut(item.actual.value);
  return t('explain.because', { field: item.field, actual, wanted });
}

const cut = (text: string) => (text.length > 120 ? `${text.slice(0, 120)}…` : text);

export function ExplanationView({ found }: { found: Explanation }) {
  const { t } = useText();
  const reason =
    found.verdict === 'no_match' && found.condition ? firstReason(found.condition) : null;
  return (
    <div className="explain">
      <p className="everdict" data-verdict={found.verdict}>
        {found.verdict !== 'correlation' && <Sign holds={found.verdict === 'match'} />}
        <span className="strong">{verdictWords(found.verdict, t)}</span>
      </p>
      {found.enabled === false && <p className="c-medium">{t('explain.off')}</p>}
      {reason && <p style={{ overflowWrap: 'anywhere' }}>{reasonWords(reason, t)}</p>}
      {found.verdict !== 'correlation' && <SourceWords found={found} />}
      {found.condition && <ExplainTree root={found.condition} label={t('explain.tree')} />}
      {found.references.map((each) => (
        <section key={each.rule_id} className="ereference" aria-label={each.title}>
          <p>
            <Sign holds={each.verdict === 'match'} />
            <span className="strong">{each.title || each.rule_id}</span>{' '}
            <span className="dim">{verdictWords(each.verdict, t)}</span>
          </p>
          {each.condition && <ExplainTree root={each.condition} label={each.title} />}
        </section>
      ))}
    </div>
  );
}

/** Whether the rule is asked at all, in words; the ways in which it would be are folded. */
function SourceWords({ found }: { found: Explanation }) {
  const { t } = useText();
  const { source } = found;
  const [open, setOpen] = useState(!source.holds && source.ways.length > 0);
  const wanted =
    [source.product, source.category, source.service].filter(Boolean).join(' / ') ||
    t('explain.anySource');
  const profile = found.profile || t('explain.unknownProfile');
  const words = source.holds
    ? t('explain.sourceHolds', { wanted })
    : t('explain.sourceFails', { wanted, profile });
  const ways = source.ways.filter((way) => way.when.length > 0);
  return (
    <div className="esource">
      {ways.length > 0 ? (
        <button
          type="button"
          className={source.holds ? 'egroup' : 'egroup off'}
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          {open ? (
            <ChevronDownIcon size={14} stroke={1.6} aria-hidden />
          ) : (
            <ChevronRightIcon size={14} stroke={1.6} aria-hidden />
          )}
          <Sign holds={source.holds} />
          <span className="ewords">{words}</span>
        </button>
      ) : (
        <p className="eleaf">
          <Sign holds={source.holds} />
          <span>
            {words} {!source.holds && source.ways.length === 0 && t('explain.sourceNever')}
          </span>
        </p>
      )}
      {open && (
        <ul className="etree">
          {ways.map((way, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a way is its place
            <li key={at}>
              <p className="eleaf">
                <Sign holds={way.holds} />
                <span className="dim">{t('explain.way')}</span>
              </p>
              <ul>
                {way.when.map((item, place) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: a test is its place
                  <li key={place} className="eleaf">
                    <Sign holds={item.holds} />
                    <ItemWords item={item} />
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
