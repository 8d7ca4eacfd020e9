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

export function matrix(
  coverage: Coverage,
  all: Techniques | undefined,
  { gaps, hitOnly }: { gaps: boolean; hitOnly: boolean },
): Column[] {
  const columns = new Map<string, Map<string, Cell>>();
  for (const tactic of coverage.tactics) columns.set(tactic.id, new Map());
  const nameOf = (id: string) => all?.techniques[id]?.[0] ?? '';
  for (const found of coverage.techniques) {
    for (const tactic of tacticsOf(found.id, found.tactics, all)) {
      let cells = columns.get(tactic);
      if (!cells) {
        cells = new Map();
        columns.set(tactic, cells);
      }
      const parent = parentOf(found.id);
      let cell = cells.get(parent);
      if (!cell) {
        cell = { id: parent, name: nameOf(parent), rules: 0, enabled: 0, hits: 0, subs: [] };
        cells.set(parent, cell);
      }
      const { rules, enabled, hits } = found;
      if (found.id === parent) {
        cell.rules += rules;
        cell.enabled += enabled;
        cell.hits += hits;
      } else cell.subs.push({ id: found.id, name: nameOf(found.id), rules, enabled, hits });
    }
  }
  const parents = Object.entries(all?.techniques ?? {}).filter(([id]) => id.length === 5);
  return [...columns].map(([tactic, cells]) => {
    for (const cell of cells.values()) {
      const covering = new Set(
        coverage.techniques
          .filter((each) => parentOf(each.id) === cell.id)
          .flatMap((each) => each.rule_ids),
      );
      // A rule that names a technique and one below it is one rule.
      cell.rules = covering.size;
      cell.enabled = Math.min(
        covering.size,
        cell.enabled + cell.subs.reduce((sum, sub) => sum + sub.enabled, 0),
      );
      cell.hits = Math.max(cell.hits, ...cell.subs.map((sub) => sub.hits));
      cell.subs.sort((a, b) => a.id.localeCompare(b.id));
    }
    const known = parents.filter(([, [, ...tactics]]) => tactics.includes(family(tactic)));
    const list = [...cells.values()].filter((cell) => !hitOnly || cell.hits > 0);
    const covered = cells.size;
    if (gaps && !hitOnly) {
      for (const [id, [name = '']] of known) {
        if (!cells.has(id)) list.push({ id, name, rules: 0, enabled: 0, hits: 0, subs: [] });
      }
    }
    list.sort((a, b) => b.rules - a.rules || a.id.localeCompare(b.id));
    // Of a split tactic the table knows only the sum, which would say too little of each half.
    return { tactic, cells: list, covered, known: tactic in kFamily ? 0 : known.length };
  });
}

/** 0 to 4: how dark a cell is. */
export function shade(enabled: number): number {
  return enabled === 0 ? 0 : enabled < 3 ? 1 : enabled < 10 ? 2 : enabled < 30 ? 3 : 4;
}
