import { expect, test } from 'vitest';
import type { Techniques } from '@/shared/attack.ts';
import { matrix, shade, tacticsOf } from './coverage.ts';
import { nameFrom } from './packName.ts';
import type { Coverage } from './queries.ts';

const table: Techniques = {
  version: '17',
  notice: '',
  techniques: {
    T1110: ['Brute Force', 'credential-access'],
    'T1110.003': ['Password Spraying', 'credential-access'],
    T1003: ['OS Credential Dumping', 'credential-access'],
    T1078: ['Valid Accounts', 'defense-evasion', 'persistence'],
  },
};
const found = (id: string, tactics: string[], rule_ids: string[], hits = 0) => ({
  id,
  tactics,
  rules: rule_ids.length,
  enabled: rule_ids.length,
  hits,
  rule_ids,
});
const coverage: Coverage = {
  rules: 3,
  rules_without_technique: 0,
  tactics: ['persistence', 'credential-access'].map((id) => ({
    id,
    rules: 1,
    enabled: 1,
    hits: 0,
  })),
  techniques: [
    found('T1110', ['credential-access', 'persistence'], ['a', 'b']),
    found('T1110.003', ['credential-access'], ['a'], 5),
    found('T1078', ['stealth', 'credential-access'], ['c']),
  ],
};

test('a technique stands under its own tactics, also where the tactic was split since', () => {
  expect(tacticsOf('T1110', ['persistence', 'credential-access'], table)).toEqual([
    'credential-access',
  ]);
  expect(tacticsOf('T1078', ['stealth', 'impact'], table)).toEqual(['stealth']);
  expect(tacticsOf('T1078', ['impact'], table)).toEqual(['defense-evasion', 'persistence']);
  expect(tacticsOf('T9999', ['impact'], table)).toEqual(['impact']);
  expect(tacticsOf('T1110', ['impact'], undefined)).toEqual(['impact']);
});

test('a rule of a technique and one below it counts once; gaps are shown when asked', () => {
  const rules = new Map([
    ['a', { enabled: true, hits: 5 }],
    ['b', { enabled: false, hits: 0 }],
  ]);
  const columns = matrix(coverage, table, rules, { gaps: true, hitOnly: false });
  const access = columns.find((column) => column.tactic === 'credential-access');
  expect(access?.covered).toBe(1);
  expect(access?.known).toBe(2);
  expect(
    access?.cells.map((cell) => [cell.id, cell.rules, cell.enabled, cell.hits, cell.subs.length]),
  ).toEqual([
    ['T1110', 2, 1, 5, 1],
    ['T1003', 0, 0, 0, 0],
  ]);
  expect(columns.map((column) => column.tactic)).toEqual([
    'persistence',
    'credential-access',
    'stealth',
  ]);
  const hit = matrix(coverage, table, rules, { gaps: true, hitOnly: true });
  expect(hit.flatMap((column) => column.cells.map((cell) => cell.id))).toEqual(['T1110']);
});

test('shades grow with the rules that are on', () => {
  expect([0, 1, 3, 10, 30].map(shade)).toEqual([0, 1, 2, 3, 4]);
});

test('a pack is named after its file, in letters that the server takes', () => {
  expect(nameFrom('sigma_core++.zip')).toBe('sigma_core');
  expect(nameFrom('Luật của Sở.tar.gz')).toBe('Luat-cua-So');
  expect(nameFrom('đội.tar.zst')).toBe('doi');
});
