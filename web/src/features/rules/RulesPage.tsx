// Detection rules: the list with its noise and cost, exceptions, ATT&CK coverage, imported packs.
import { useNavigate, useSearch } from '@tanstack/react-router';
import { lazy, Suspense } from 'react';
import { useMay } from '@/api/session.ts';
import { type TextKey, useText } from '@/text/index.ts';
import { ErrorBoundary } from '@/ui/ErrorBoundary.tsx';
import { number } from '@/ui/format.ts';
import { kIcon, RefreshIcon } from '@/ui/icons.ts';
import { Button } from '@/ui/parts.tsx';
import { SkeletonRows } from '@/ui/states.tsx';
import { useReloadRules, useRules } from './queries.ts';
import { RuleList } from './RuleList.tsx';
import { kTabs, type RulesSearch, type Tab } from './search.ts';
import '@/ui/record.css';
import './rules.css';

const Exceptions = lazy(() => import('./Exceptions.tsx'));
const CoverageView = lazy(() => import('./CoverageView.tsx'));
const Packs = lazy(() => import('./Packs.tsx'));
const IndicatorLists = lazy(() => import('./IndicatorLists.tsx'));

const kTabKeys: Record<Tab, TextKey> = {
  list: 'rules.tab.list',
  exceptions: 'rules.tab.exceptions',
  coverage: 'rules.tab.coverage',
  packs: 'rules.tab.packs',
  indicators: 'rules.tab.indicators',
};

export function RulesPage() {
  const { t } = useText();
  const may = useMay();
  const search = useSearch({ from: '/frame/rules' });
  const navigate = useNavigate({ from: '/rules' });
  const rules = useRules();
  const reload = useReloadRules();
  const tab = search.tab ?? 'list';
  const change = (next: Partial<RulesSearch>) =>
    void navigate({ search: (old) => ({ ...old, ...next }) });
  return (
    <div className="page rules-page">
      <div className="page-title">
        <h1>{t('nav.rules')}</h1>
        {rules.data && (
          <span className="dim">
            {t('rules.summary', {
              loaded: number(rules.data.loaded),
              refused: number(rules.data.refused),
              off: number(rules.data.disabled),
            })}
          </span>
        )}
        <div className="tools">
          {may('rules_edit') && (
            <Button disabled={reload.isPending} onClick={() => reload.mutate()}>
              <RefreshIcon {...kIcon} />
              {t('rules.reload')}
            </Button>
          )}
        </div>
      </div>
      <div className="tabs rules-tabs" role="tablist" aria-label={t('rules.tabs')}>
        {kTabs.map((each) => (
          <button
            key={each}
            type="button"
            role="tab"
            className="tab"
            aria-selected={tab === each}
            onClick={() => change({ tab: each === 'list' ? undefined : each, rule: undefined })}
          >
            {t(kTabKeys[each])}
          </button>
        ))}
      </div>
      <ErrorBoundary key={tab}>
        <Suspense
          fallback={
            <div className="panel">
              <SkeletonRows columns="1fr 1fr 1fr" rows={8} />
            </div>
          }
        >
          {tab === 'list' && <RuleList search={search} onChange={change} />}
          {tab === 'exceptions' && (
            <Exceptions onRule={(rule) => change({ tab: undefined, rule })} />
          )}
          {tab === 'coverage' && (
            <CoverageView
              onTechnique={(tech) =>
                void navigate({ search: (old) => ({ range: old.range, unit: old.unit, tech }) })
              }
            />
          )}
          {tab === 'packs' && <Packs />}
          {tab === 'indicators' && <IndicatorLists />}
        </Suspense>
      </ErrorBoundary>
    </div>
  );
}
