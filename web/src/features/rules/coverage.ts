// The ATT&CK matrix: which techniques stand under which tactic, with the counts of what lies below.
import { parentOf, type Techniques } from '@/shared/attack.ts';
import type { Coverage } from './queries.ts';

export type Cell = {
  id: string;
  name: string;
  rules: number;
  enabled: number;
  hits: number;
  /** Sub-techniques that rules name. */
  subs: { id: string; name: string; rules: number; enabled: number; hits: number }[];
};

export type Column = { tactic: string; cells: Cell[]; covered: number; known: number };

/** ATT&CK split one tactic in two; the names that rules use are older or newer than the table's. */
const kFamily: Record<string, string> = {
  stealth: 'defense-evasion',
  'defense-impairment': 'defense-evasion',
};
const family = (tactic: string) => kFamily[tactic] ?? tactic;

/**
 * A technique stands under the tactics that ATT&CK gives it, of those its rules name: a rule of two
 * techniques and two tactics says nothing about which belongs to which.
 */
export function tacticsOf(id: string, said: string[], all: Techniques | undefined): string[] {
  const known = all?.techniques[id]?.slice(1) ?? all?.techniques[parentOf(id)]?.slice(1) ?? [];
  if (known.length === 0) return said;
  const both = said.filter((tactic) => known.includes(family(tactic)));
  return both.length > 0 ? both : known;
}

type Known = ReadonlyMap<string, { enabled: boolean; hits: number }>;

/**
 * Every technique is summed over those below it, each rule once, so that its count is that of the list
 * to which it leads.
 */
export function matrix(
  coverage: Coverage,
  all: Techniques | undefined,
  rules: Known,
  { gaps, hitOnly }: { gaps: boolean; hitOnly: boolean },
): Column[] {
  const nameOf = (id: string) => all?.techniques[id]?.[0] ?? '';
  const parts = new Map<string, Coverage['techniques']>();
  for (const found of coverage.techniques) {
    const parent = parentOf(found.id);
    parts.set(parent, [...(parts.get(parent) ?? []), found]);
  }
  const columns = new Map<string, Cell[]>(coverage.tactics.map((tactic) => [tactic.id, []]));
  for (const [id, below] of parts) {
    const ids = [...new Set(below.flatMap((each) => each.rule_ids))];
    const cell: Cell = {
      id,
      name: nameOf(id),
      rules: ids.length,
      enabled: ids.filter((rule) => rules.get(rule)?.enabled ?? true).length,
      hits: ids.reduce((sum, rule) => sum + (rules.get(rule)?.hits ?? 0), 0),
      subs: below
        .filter((each) => each.id !== id)
        .map((each) => ({ ...each, name: nameOf(each.id) }))
        .sort((a, b) => a.id.localeCompare(b.id)),
    };
    const under = new Set(below.flatMap((each) => tacticsOf(each.id, each.tactics, all)));
    for (const tactic of under) columns.set(tactic, [...(columns.get(tactic) ?? []), cell]);
  }
  const parents = Object.entries(all?.techniques ?? {}).filter(([id]) => id.length === 5);
  return [...columns].map(([tactic, cells]) => {
    const known = parents.filter(([, [, ...tactics]]) => tactics.includes(family(tactic)));
    const list = cells.filter((cell) => !hitOnly || cell.hits > 0);
    if (gaps && !hitOnly) {
      for (const [id, [name = '']] of known) {
        if (parts.has(id)) continue;
        list.push({ id, name, rules: 0, enabled: 0, hits: 0, subs: [] });
      }
    }
    list.sort((a, b) => b.rules - a.rules || a.id.localeCompare(b.id));
    // Of a split tactic the table knows only the sum, which would say too little of each half.
    return {
      tactic,
      cells: list,
      covered: cells.length,
      known: tactic in kFamily ? 0 : known.length,
    };
  });
}

/** 0 to 4: how dark a cell is. */
export function shade(enabled: number): number {
  return enabled === 0 ? 0 : enabled < 3 ? 1 : enabled < 10 ? 2 : enabled < 30 ? 3 : 4;
}
