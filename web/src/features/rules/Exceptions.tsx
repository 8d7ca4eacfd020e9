// All exceptions of all rules: what is silenced, by whom, until when.
import { useState } from 'react';
import { ExceptionRow, kStateKeys } from '@/shared/exceptions/ExceptionRow.tsx';
import type { RuleException } from '@/shared/exceptions/model.ts';
import { useExceptions } from '@/shared/exceptions/queries.ts';
import { useText } from '@/text/index.ts';
import { number } from '@/ui/format.ts';
import { Empty, Failed, SkeletonRows } from '@/ui/states.tsx';

type Only = RuleException['state'] | 'all';
const kOnly: Only[] = ['all', 'active', 'expired', 'removed', 'broken'];

export default function Exceptions({ onRule }: { onRule: (rule: string) => void }) {
  const { t, language } = useText();
  const found = useExceptions();
  const [only, setOnly] = useState<Only>('all');
  const all = found.data?.exceptions ?? [];
  const fits = (each: RuleException, state: Only) => state === 'all' || each.state === state;
  const shown = all.filter((each) => fits(each, only));
  return (
    <>
      <div className="filters">
        {kOnly.map((each) => (
          <button
            key={each}
            type="button"
            className="chip"
            aria-pressed={only === each}
            onClick={() => setOnly(each)}
          >
            {each === 'all' ? t('rules.all') : t(kStateKeys[each])}
            <span className="num">{number(all.filter((one) => fits(one, each)).length)}</span>
          </button>
        ))}
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable */}
      <div className="panel exlist scroll" tabIndex={0}>
        {found.isPending ? (
          <SkeletonRows columns="1fr 2fr" rows={6} height={64} />
        ) : found.isError && !found.data ? (
          <Failed
            what={t('exception.failed')}
            error={found.error}
            retry={() => void found.refetch()}
            unaffected={t('rules.failedRest')}
          />
        ) : all.length === 0 ? (
          <Empty
            kind="nothing"
            title={t('exception.listNone')}
            detail={t('exception.listNoneDetail')}
          />
        ) : shown.length === 0 ? (
          <Empty
            kind="filtered"
            title={t('exception.listFiltered')}
            action={{ label: t('action.clearFilter'), run: () => setOnly('all') }}
          />
        ) : (
          <ul>
            {shown.map((each) => {
              const rule = each.rule_id;
              const title =
                (language === 'vi' && each.rule_title_vi) || each.rule_title || each.rule_id;
              return (
                <li key={each.id} className="exitem">
                  {rule ? (
                    <button type="button" className="link" onClick={() => onRule(rule)}>
                      {title}
                    </button>
                  ) : (
                    <span className="strong">{t('exception.allRules')}</span>
                  )}
                  <ExceptionRow of={each} />
                </li>
              );
            })}
          </ul>
        )}
      </div>
    </>
  );
}
