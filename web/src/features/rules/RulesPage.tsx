// Detection rules: what is loaded, what was refused and why, and how often each one hits.
import { useMemo, useState } from 'react';
import { useMay } from '@/api/session.ts';
import { type Language, type TextKey, useText } from '@/text/index.ts';
import { age, fold, number } from '@/ui/format.ts';
import { kIcon, RefreshIcon, SearchIcon, WarnIcon } from '@/ui/icons.ts';
import { Button, Stamp } from '@/ui/parts.tsx';
import { asLevel, kLevels, Severity } from '@/ui/Severity.tsx';
import { Empty, Failed, SkeletonRows } from '@/ui/states.tsx';
import { type Column, Table } from '@/ui/Table.tsx';
import { useNow } from '@/ui/useNow.ts';
import { type Rule, useReloadRules, useRules } from './queries.ts';
import { RuleDetail } from './RuleDetail.tsx';

type Only = 'all' | 'loaded' | 'refused' | 'off' | 'hit';
const kOnly: Only[] = ['all', 'loaded', 'refused', 'off', 'hit'];
const kOnlyKeys: Record<Only, TextKey> = {
  all: 'rules.all',
  loaded: 'rules.loaded',
  refused: 'rules.refused',
  off: 'rules.off',
  hit: 'rules.hit',
};
const kKindKeys = {
  sigma: 'rules.kind.sigma',
  correlation: 'rules.kind.correlation',
  indicator: 'rules.kind.indicator',
} as const satisfies Record<string, TextKey>;

const kTests: Record<Only, (rule: Rule) => boolean> = {
  all: () => true,
  loaded: (rule) => rule.status === 'loaded' && rule.enabled,
  refused: (rule) => rule.status === 'refused',
  off: (rule) => !rule.enabled,
  hit: (rule) => rule.hits > 0,
};

const titleOf = (rule: Rule, language: Language) =>
  (language === 'vi' && rule.title_vi) || rule.title || rule.path || rule.id;

export function RulesPage() {
  const { t, language } = useText();
  const may = useMay();
  const rules = useRules();
  const reload = useReloadRules();
  const now = useNow(10_000);
  const [only, setOnly] = useState<Only>('all');
  const [text, setText] = useState('');
  const all = rules.data?.rules ?? [];
  const shown = all.filter(
    (rule) =>
      kTests[only](rule) &&
      fold(
        `${rule.title} ${rule.title_vi ?? ''} ${rule.id} ${rule.path ?? ''} ${rule.tags?.join(' ') ?? ''}`,
      ).includes(fold(text.trim())),
  );
  const columns = useMemo<Column<Rule>[]>(
    () => [
      {
        id: 'level',
        name: t('queue.col.level'),
        width: '116px',
        sort: (rule) => kLevels.indexOf(asLevel(rule.level)),
        cell: (rule) => <Severity level={asLevel(rule.level)} />,
      },
      {
        id: 'title',
        name: t('queue.col.rule'),
        width: 'minmax(160px, 1fr)',
        sort: (rule) => titleOf(rule, language),
        cell: (rule) => (
          <span className="name-cell">
            <span className="cut" title={titleOf(rule, language)}>
              {titleOf(rule, language)}
            </span>
          </span>
        ),
      },
      {
        id: 'source',
        name: t('rules.col.source'),
        width: '150px',
        drop: 1,
        sort: (rule) => sourceOf(rule),
        cell: (rule) => (
          <span className="cut" style={{ display: 'block' }}>
            {sourceOf(rule)}
          </span>
        ),
      },
      {
        id: 'kind',
        name: t('rules.col.kind'),
        width: '104px',
        drop: 1,
        sort: (rule) => rule.kind ?? '',
        cell: (rule) => (rule.kind ? t(kKindKeys[rule.kind]) : '–'),
      },
      {
        id: 'attack',
        name: 'ATT&CK',
        width: '120px',
        drop: 2,
        cell: (rule) => (
          <span className="cut num" style={{ display: 'block' }}>
            {techniques(rule).join(', ') || '–'}
          </span>
        ),
      },
      {
        id: 'hits',
        name: t('rules.col.hits'),
        width: '72px',
        right: true,
        drop: 3,
        sort: (rule) => rule.hits,
        cell: (rule) => <span className={rule.hits > 0 ? 'strong' : ''}>{number(rule.hits)}</span>,
      },
      {
        id: 'last',
        name: t('rules.col.last'),
        width: '84px',
        right: true,
        drop: 2,
        sort: (rule) => rule.last_hit ?? '',
        cell: (rule) => <Stamp at={rule.last_hit}>{age(rule.last_hit, now)}</Stamp>,
      },
      {
        id: 'state',
        name: t('queue.filter.status'),
        width: '116px',
        drop: 3,
        sort: (rule) => (rule.status === 'refused' ? 2 : rule.enabled ? 0 : 1),
        cell: (rule) =>
          rule.status === 'refused' ? (
            <span
              className="c-high"
              style={{ display: 'inline-flex', gap: 6, alignItems: 'center' }}
            >
              <WarnIcon {...kIcon} />
              {t('rules.state.refused')}
            </span>
          ) : rule.enabled ? (
            t('rules.state.loaded')
          ) : (
            <span className="c-medium">{t('rules.state.off')}</span>
          ),
      },
    ],
    [t, language, now],
  );
  return (
    <div className="page">
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
      <div className="filters">
        <label className="field" style={{ width: 280, height: 28 }}>
          <SearchIcon {...kIcon} />
          <input
            aria-label={t('rules.filter')}
            placeholder={t('rules.filter')}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        {kOnly.map((each) => (
          <button
            key={each}
            type="button"
            className="chip"
            aria-pressed={only === each}
            onClick={() => setOnly(each)}
          >
            {t(kOnlyKeys[each])}
            <span className="num">{number(all.filter(kTests[each]).length)}</span>
          </button>
        ))}
      </div>
      <div className="panel" style={{ flex: 1, minHeight: 240 }}>
        {rules.isPending ? (
          <SkeletonRows columns="116px 1fr 150px 104px 120px 72px 84px 116px" rows={14} />
        ) : rules.isError && !rules.data ? (
          <Failed
            what={t('rules.failed')}
            error={rules.error}
            retry={() => void rules.refetch()}
            unaffected={t('rules.failedRest')}
          />
        ) : all.length === 0 ? (
          <Empty kind="nothing" title={t('rules.none')} detail={t('rules.noneDetail')} />
        ) : shown.length === 0 ? (
          <Empty
            kind="filtered"
            title={t('rules.filtered')}
            action={{
              label: t('action.clearFilter'),
              run: () => {
                setOnly('all');
                setText('');
              },
            }}
          />
        ) : (
          <Table
            label={t('nav.rules')}
            rows={shown}
            rowKey={(rule) => `${rule.id} ${rule.path ?? ''}`}
            columns={columns}
            detail={(rule) => <RuleDetail rule={rule} />}
          />
        )}
      </div>
    </div>
  );
}

function sourceOf(rule: Rule): string {
  const { product, category, service } = rule.log_source ?? {};
  return [product, category, service].filter(Boolean).join(' / ') || '–';
}

function techniques(rule: Rule): string[] {
  return (rule.tags ?? [])
    .filter((tag) => /^attack\.t\d/i.test(tag))
    .map((tag) => tag.slice('attack.'.length).toUpperCase());
}
