import { useMemo } from 'react';
import { type Language, type TextKey, useText } from '@/text/index.ts';
import { age, collator, number, percent } from '@/ui/format.ts';
import { ChevronDownIcon, CloseIcon, kIcon, SearchIcon, WarnIcon } from '@/ui/icons.ts';
import { Stamp } from '@/ui/parts.tsx';
import { asLevel, kLevels, type Level, Severity } from '@/ui/Severity.tsx';
import { Empty, Failed, SkeletonRows } from '@/ui/states.tsx';
import { type Column, Table } from '@/ui/Table.tsx';
import { useNow } from '@/ui/useNow.ts';
import { type Rule, useRules } from './queries.ts';
import { RulePeek } from './RulePeek.tsx';
import {
  isNarrowed,
  kOwn,
  kStates,
  kStateTests,
  narrowed,
  type RulesSearch,
  type State,
  sourceOf,
  techniquesOf,
} from './search.ts';

const kStateKeys: Record<State, TextKey> = {
  all: 'rules.all',
  loaded: 'rules.loaded',
  refused: 'rules.refused',
  off: 'rules.off',
  hit: 'rules.hit',
  noisy: 'rules.noisy',
};

const kLevelKeys: Record<Exclude<Level, 'info'>, TextKey> = {
  low: 'level.low',
  medium: 'level.medium',
  high: 'level.high',
  critical: 'level.critical',
};

export const kKindKeys = {
  sigma: 'rules.kind.sigma',
  correlation: 'rules.kind.correlation',
  indicator: 'rules.kind.indicator',
} as const satisfies Record<string, TextKey>;

export const titleOf = (
  rule: { id: string; title: string; title_vi?: string | undefined; path?: string | undefined },
  language: Language,
) => (language === 'vi' && rule.title_vi) || rule.title || rule.path || rule.id;

/** Refused files have no id of their own when the id was what could not be read. */
const keyOf = (rule: Rule) => rule.id || (rule.path ?? '');

export function RuleList({
  search,
  onChange,
}: {
  search: RulesSearch;
  onChange: (change: Partial<RulesSearch>) => void;
}) {
  const { t, language } = useText();
  const rules = useRules();
  const now = useNow(10_000);
  const all = useMemo(() => rules.data?.rules ?? [], [rules.data]);
  const most = useMemo(() => narrowed(all, search), [all, search]);
  const shown = useMemo(
    () => most.filter(kStateTests[search.state ?? 'all']),
    [most, search.state],
  );
  const packs = useMemo(
    () => [...new Set(all.flatMap((rule) => rule.pack?.name ?? []))].sort(collator.compare),
    [all],
  );
  const sources = useMemo(
    () => [...new Set(all.map(sourceOf).filter(Boolean))].sort(collator.compare),
    [all],
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
            {rule.kind && rule.kind !== 'sigma' && (
              <span className="tag">{t(kKindKeys[rule.kind])}</span>
            )}
          </span>
        ),
      },
      {
        id: 'source',
        name: t('rules.col.source'),
        width: '132px',
        drop: 1,
        sort: sourceOf,
        cell: (rule) => (
          <span className="cut" style={{ display: 'block' }} title={sourceOf(rule)}>
            {sourceOf(rule) || '–'}
          </span>
        ),
      },
      {
        id: 'attack',
        name: 'ATT&CK',
        width: '76px',
        drop: 1,
        sort: (rule) => techniquesOf(rule)[0] ?? '',
        cell: (rule) => (
          <span className="cut" style={{ display: 'block' }} title={techniquesOf(rule).join(', ')}>
            {techniquesOf(rule).join(', ') || '–'}
          </span>
        ),
      },
      {
        id: 'hits',
        name: t('rules.col.hits'),
        width: '64px',
        right: true,
        drop: 3,
        sort: (rule) => rule.hits,
        cell: (rule) => <span className={rule.hits > 0 ? 'strong' : ''}>{number(rule.hits)}</span>,
      },
      {
        id: 'alerts',
        name: t('rules.col.alerts'),
        width: '64px',
        right: true,
        drop: 2,
        sort: (rule) => rule.alerts ?? 0,
        cell: (rule) => number(rule.alerts ?? 0),
      },
      {
        id: 'false',
        name: t('rules.col.false'),
        width: '56px',
        right: true,
        drop: 2,
        sort: (rule) => rule.false_positive_ratio ?? -1,
        cell: (rule) => (
          <span className={kStateTests.noisy(rule) ? 'c-medium' : ''} title={falseWords(rule, t)}>
            {rule.false_positive_ratio == null ? '–' : percent(rule.false_positive_ratio, 0)}
          </span>
        ),
      },
      {
        id: 'cost',
        name: t('rules.col.cost'),
        width: '56px',
        right: true,
        drop: 1,
        sort: (rule) => rule.cost?.share ?? -1,
        cell: (rule) => (
          <span title={costWords(rule, t)}>
            {rule.cost?.share == null ? '–' : percent(rule.cost.share, 1)}
          </span>
        ),
      },
      {
        id: 'last',
        name: t('rules.col.last'),
        width: '76px',
        right: true,
        drop: 2,
        sort: (rule) => rule.last_hit ?? '',
        cell: (rule) => <Stamp at={rule.last_hit}>{age(rule.last_hit, now)}</Stamp>,
      },
      {
        id: 'state',
        name: t('queue.filter.status'),
        width: '96px',
        drop: 3,
        sort: (rule) => (rule.status === 'refused' ? 2 : rule.enabled ? 0 : 1),
        cell: (rule) => <StateWords rule={rule} />,
      },
    ],
    [t, language, now],
  );
  const clear = () =>
    onChange({
      q: undefined,
      level: undefined,
      state: undefined,
      pack: undefined,
      source: undefined,
      tech: undefined,
    });
  const chosen = search.rule ?? null;
  return (
    <div className={chosen ? 'rules-split peeking' : 'rules-split'}>
      <div className="rules-main">
        <div className="filters">
          <label className="field" style={{ flex: '0 1 320px', height: 28 }}>
            <SearchIcon {...kIcon} />
            <input
              aria-label={t('rules.filter')}
              placeholder={t('rules.filter')}
              value={search.q ?? ''}
              onChange={(event) => onChange({ q: event.target.value || undefined })}
            />
          </label>
          <Pick
            label={t('rules.filter.level')}
            value={search.level ?? ''}
            any={t('rules.filter.levelAny')}
            options={(['low', 'medium', 'high', 'critical'] as const).map((level) => ({
              value: level,
              label:
                level === 'critical'
                  ? t(kLevelKeys[level])
                  : t('rules.filter.levelFrom', { level: t(kLevelKeys[level]) }),
            }))}
            onPick={(value) => onChange({ level: (value || undefined) as Level | undefined })}
          />
          <Pick
            label={t('rules.filter.source')}
            value={search.source ?? ''}
            any={t('rules.filter.sourceAny')}
            options={sources.map((each) => ({ value: each, label: each }))}
            onPick={(value) => onChange({ source: value || undefined })}
          />
          {packs.length > 0 && (
            <Pick
              label={t('rules.filter.pack')}
              value={search.pack ?? ''}
              any={t('rules.filter.packAny')}
              options={[
                { value: kOwn, label: t('rules.filter.packOwn') },
                ...packs.map((each) => ({ value: each, label: each })),
              ]}
              onPick={(value) => onChange({ pack: value || undefined })}
            />
          )}
        </div>
        <div className="filters">
          {search.tech && (
            <span className="chip">
              <span className="dim">{t('rules.filter.tech')}</span>
              {search.tech}
              <button
                type="button"
                className="x"
                aria-label={t('rules.filter.remove', { name: search.tech })}
                onClick={() => onChange({ tech: undefined })}
              >
                <CloseIcon size={14} stroke={1.6} aria-hidden />
              </button>
            </span>
          )}
          {kStates.map((each) => (
            <button
              key={each}
              type="button"
              className="chip"
              aria-pressed={(search.state ?? 'all') === each}
              onClick={() => onChange({ state: each === 'all' ? undefined : each })}
            >
              {t(kStateKeys[each])}
              <span className="num">{number(most.filter(kStateTests[each]).length)}</span>
            </button>
          ))}
          {isNarrowed(search) && (
            <span className="meta num" role="status">
              {t('rules.shown', { n: number(shown.length), total: number(all.length) })}
            </span>
          )}
        </div>
        <div className="panel" style={{ flex: 1, minHeight: 240 }}>
          {rules.isPending ? (
            <SkeletonRows columns="116px 1fr 132px 76px 64px 64px 56px 56px 76px 96px" rows={14} />
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
              action={{ label: t('action.clearFilter'), run: clear }}
            />
          ) : (
            <Table
              label={t('nav.rules')}
              rows={shown}
              rowKey={(rule) => `${keyOf(rule)} ${rule.path ?? ''}`}
              columns={columns}
              chosen={(rule) => keyOf(rule) === chosen}
              onChoose={(rule) => onChange({ rule: rule ? keyOf(rule) : undefined })}
            />
          )}
        </div>
      </div>
      {chosen && (
        <RulePeek
          key={chosen}
          id={chosen}
          row={all.find((rule) => keyOf(rule) === chosen)}
          onTechnique={(tech) => onChange({ tech })}
          onClose={() => onChange({ rule: undefined })}
        />
      )}
    </div>
  );
}

type T = ReturnType<typeof useText>['t'];

export function falseWords(rule: Rule, t: T): string {
  if (rule.false_positive_ratio == null) return t('rules.falseNone');
  const judged = rule.judged ?? 0;
  return t('rules.falseOf', {
    n: number(Math.round(rule.false_positive_ratio * judged)),
    judged: number(judged),
  });
}

export function costWords(rule: Rule, t: T): string {
  if (!rule.cost || rule.cost.ns_per_evaluation == null) return t('rules.costNone');
  return t('rules.costDetail', {
    time: number(rule.cost.ns_per_evaluation),
    n: number(rule.cost.candidates),
  });
}

export function StateWords({ rule }: { rule: Rule }) {
  const { t } = useText();
  if (rule.status === 'refused') {
    return (
      <span className="c-high rule-state">
        <WarnIcon {...kIcon} />
        {t('rules.state.refused')}
      </span>
    );
  }
  if (!rule.enabled) return <span className="c-medium">{t('rules.state.off')}</span>;
  return <span>{t('rules.state.loaded')}</span>;
}

/** A choice among many, drawn as a chip. */
function Pick({
  label,
  value,
  any,
  options,
  onPick,
}: {
  label: string;
  value: string;
  any: string;
  options: { value: string; label: string }[];
  onPick: (value: string) => void;
}) {
  return (
    <span className="pick" data-on={value !== '' || undefined}>
      <select aria-label={label} value={value} onChange={(event) => onPick(event.target.value)}>
        <option value="">{any}</option>
        {options.map((each) => (
          <option key={each.value} value={each.value}>
            {each.label}
          </option>
        ))}
      </select>
      <ChevronDownIcon size={14} stroke={1.6} aria-hidden />
    </span>
  );
}
