// ATT&CK in words: tactics in both languages, techniques by MITRE's own names, which are loaded when
// first needed (12 KiB) and never needed to judge anything.
import { useQuery } from '@tanstack/react-query';
import type { TextKey, Translate } from '@/text/index.ts';

const kTacticKeys: Record<string, TextKey> = {
  reconnaissance: 'tactic.reconnaissance',
  'resource-development': 'tactic.resource-development',
  'initial-access': 'tactic.initial-access',
  execution: 'tactic.execution',
  persistence: 'tactic.persistence',
  'privilege-escalation': 'tactic.privilege-escalation',
  'defense-evasion': 'tactic.defense-evasion',
  stealth: 'tactic.stealth',
  'defense-impairment': 'tactic.defense-impairment',
  'credential-access': 'tactic.credential-access',
  discovery: 'tactic.discovery',
  'lateral-movement': 'tactic.lateral-movement',
  collection: 'tactic.collection',
  'command-and-control': 'tactic.command-and-control',
  exfiltration: 'tactic.exfiltration',
  impact: 'tactic.impact',
};

export const kTactics = Object.keys(kTacticKeys);

export function tacticName(id: string, t: Translate): string {
  const key = kTacticKeys[id];
  return key ? t(key) : id;
}

/** `attack.t1110.001` as T1110.001; null when the tag names no technique. */
export function techniqueOf(tag: string): string | null {
  const found = /^attack\.(t\d{4}(?:\.\d{3})?)$/i.exec(tag);
  return found?.[1] ? found[1].toUpperCase() : null;
}

/** `attack.defense_evasion` as defense-evasion; null when the tag names no tactic. */
export function tacticOf(tag: string): string | null {
  const found = /^attack\.([a-z][a-z_-]+)$/i.exec(tag);
  const id = found?.[1]?.toLowerCase().replace(/_/g, '-');
  return id && id in kTacticKeys ? id : null;
}

export const parentOf = (technique: string) => technique.slice(0, 5);

/** True when a rule's technique is the asked one or one below it. */
export function within(technique: string, asked: string): boolean {
  return technique === asked || technique.startsWith(`${asked}.`);
}

export type Techniques = {
  version: string;
  notice: string;
  /** Name first, then its tactics. */
  techniques: Record<string, string[]>;
};

export function useTechniques() {
  return useQuery({
    queryKey: ['attack'],
    queryFn: async () => (await import('./attack.json')).default as Techniques,
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function techniqueName(id: string, all: Techniques | undefined): string | undefined {
  return all?.techniques[id]?.[0];
}
