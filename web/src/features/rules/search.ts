// The rules screen's part of the address, and what its filters mean.
import { techniqueOf, within } from '@/shared/attack.ts';
import { fold } from '@/ui/format.ts';
import { asLevel, kLevels, type Level } from '@/ui/Severity.tsx';
import { parseScope, type Scope } from '@/ui/scope.ts';
import type { Rule } from './queries.ts';

export const kTabs = ['list', 'exceptions', 'coverage', 'packs', 'indicators'] as const;
export type Tab = (typeof kTabs)[number];
export const kStates = ['all', 'loaded', 'refused', 'off', 'hit', 'noisy'] as const;
export type State = (typeof kStates)[number];

/** The pack filter's value for rules that no pack brought. */
export const kOwn = '-';
const kNoisy = 0.5;

export type RulesSearch = Scope & {
  tab?: Tab;
  q?: string;
  /** This level and above. */
  level?: Level;
  state?: State;
  pack?: string;
  source?: string;
  /** An ATT&CK technique, with those below it. */
  tech?: string;
  /** Id of the rule that the panel shows. */
  rule?: string;
};

export function parseRulesSearch(search: Record<string, unknown>): RulesSearch {
  const out: RulesSearch = parseScope(search);
  if (kTabs.includes(search.tab as Tab) && search.tab !== 'list') out.tab = search.tab as Tab;
  if (kLevels.includes(search.level as Level) && search.level !== 'info') {
    out.level = search.level as Level;
  }
  if (kStates.includes(search.state as State) && search.state !== 'all') {
    out.state = search.state as State;
  }
  for (const key of ['q', 'pack', 'source', 'tech', 'rule'] as const) {
    const value = search[key];
    if (typeof value === 'string' && value) out[key] = value;
    else if (typeof value === 'number') out[key] = String(value);
  }
  return out;
}

export const kStateTests: Record<State, (rule: Rule) => boolean> = {
  all: () => true,
  loaded: (rule) => rule.status === 'loaded' && rule.enabled,
  refused: (rule) => rule.status === 'refused',
  off: (rule) => !rule.enabled,
  hit: (rule) => rule.hits > 0,
  noisy: (rule) => (rule.false_positive_ratio ?? 0) >= kNoisy,
};

export function sourceOf(rule: Pick<Rule, 'log_source'>): string {
  const { product, category, service } = rule.log_source ?? {};
  return [product, category, service].filter(Boolean).join(' / ');
}

export function techniquesOf(rule: Pick<Rule, 'tags'>): string[] {
  return (rule.tags ?? []).flatMap((tag) => techniqueOf(tag) ?? []);
}

/** What the text filter looks through, folded once a rule. */
const texts = new WeakMap<Rule, string>();
function textOf(rule: Rule): string {
  let found = texts.get(rule);
  if (found === undefined) {
    found = fold(
      [rule.title, rule.title_vi, rule.id, rule.path, ...(rule.tags ?? []), sourceOf(rule)].join(
        ' ',
      ),
    );
    texts.set(rule, found);
  }
  return found;
}

/** Everything but the state, whose chips count what the other filters let through. */
export function narrowed(rules: Rule[], search: RulesSearch): Rule[] {
  const words = fold(search.q ?? '')
    .split(/\s+/)
    .filter(Boolean);
  const from = search.level ? kLevels.indexOf(search.level) : 0;
  return rules.filter((rule) => {
    if (from > 0 && kLevels.indexOf(asLevel(rule.level)) < from) return false;
    if (search.pack && (rule.pack?.name ?? kOwn) !== search.pack) return false;
    if (search.source && sourceOf(rule) !== search.source) return false;
    const { tech } = search;
    if (tech && !techniquesOf(rule).some((each) => within(each, tech))) return false;
    const text = words.length > 0 ? textOf(rule) : '';
    return words.every((word) => text.includes(word));
  });
}

export const isNarrowed = (search: RulesSearch) =>
  Boolean(search.q || search.level || search.state || search.pack || search.source || search.tech);
