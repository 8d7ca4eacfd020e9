import { ExceptionRow } from '@/shared/exceptions/ExceptionRow.tsx';
import { useExceptions } from '@/shared/exceptions/queries.ts';
import { useText } from '@/text/index.ts';
import { number } from '@/ui/format.ts';
import { Failed, SkeletonRows } from '@/ui/states.tsx';

/** The exceptions of one rule and those of all rules, in force first. */
export function RuleExceptions({ rule }: { rule: string }) {
  const { t } = useText();
  const found = useExceptions(rule);
  const all = [...(found.data?.exceptions ?? [])].sort(
    (a, b) => Number(b.state === 'active') - Number(a.state === 'active'),
  );
  return (
    <section className="section" aria-label={t('rules.tab.exceptions')}>
      <h3 className="section-head">
        {t('rules.tab.exceptions')}
        {all.length > 0 && <span className="meta num">{number(all.length)}</span>}
      </h3>
      {found.isPending && <SkeletonRows columns="1fr" rows={1} height={32} padding={0} />}
      {found.isError && (
        <Failed
          what={t('exception.failed')}
          error={found.error}
          retry={() => void found.refetch()}
        />
      )}
      {found.data && all.length === 0 && <p className="dim">{t('exception.listNone')}</p>}
      {all.map((each) => (
        <ExceptionRow key={each.id} of={each} />
      ))}
    </section>
  );
}
