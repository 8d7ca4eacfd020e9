import { expect, test } from 'vitest';
import type { Rule } from './queries.ts';
import { isNarrowed, kOwn, kStateTests, narrowed, parseRulesSearch } from './search.ts';

function rule(id: string, over: Partial<Rule> = {}): Rule {
  return { id, title: id, level: 'high', status: 'loaded', enabled: true, hits: 0, ...over };
}

const all = [
  rule('a', {
    title: 'Shadow copies deleted',
    title_vi: 'Xoá bản sao lưu bóng',
    tags: ['attack.impact', 'attack.t1490'],
    log_source: { product: 'windows', category: 'process_creation' },
    pack: { name: 'core', version: '1' },
  }),
  rule('b', { level: 'low', title_vi: 'Dò mật khẩu', tags: ['attack.t1110.003'], hits: 4 }),
  rule('c', { level: 'critical', status: 'refused', tags: ['attack.t1110'], enabled: false }),
  rule('d', { level: 'informational', false_positive_ratio: 0.5 }),
];
const ids = (search: Parameters<typeof narrowed>[1]) => narrowed(all, search).map((r) => r.id);

test('text is found in both languages, without marks, every word anywhere', () => {
  expect(ids({ q: 'luu xoa' })).toEqual(['a']);
  expect(ids({ q: 'SHADOW process' })).toEqual(['a']);
  expect(ids({ q: 'do mat khau' })).toEqual(['b']);
  expect(ids({ q: 't1110' })).toEqual(['b', 'c']);
  expect(ids({ q: 'khong co' })).toEqual([]);
});

test('level and above, pack, log source, technique with those below it', () => {
  expect(ids({ level: 'high' })).toEqual(['a', 'c']);
  expect(ids({ pack: 'core' })).toEqual(['a']);
  expect(ids({ pack: kOwn })).toEqual(['b', 'c', 'd']);
  expect(ids({ source: 'windows / process_creation' })).toEqual(['a']);
  expect(ids({ tech: 'T1110' })).toEqual(['b', 'c']);
  expect(ids({ tech: 'T1110.003' })).toEqual(['b']);
  expect(ids({ tech: 'T111' })).toEqual([]);
});

test('states', () => {
  const of = (state: keyof typeof kStateTests) => all.filter(kStateTests[state]).map((r) => r.id);
  expect(of('loaded')).toEqual(['a', 'b', 'd']);
  expect(of('refused')).toEqual(['c']);
  expect(of('off')).toEqual(['c']);
  expect(of('hit')).toEqual(['b']);
  expect(of('noisy')).toEqual(['d']);
});

test('the address keeps what is known and drops the rest', () => {
  expect(
    parseRulesSearch({ tab: 'coverage', q: 1110, level: 'high', state: 'x', tech: '', odd: 1 }),
  ).toEqual({ tab: 'coverage', q: '1110', level: 'high' });
  expect(parseRulesSearch({ tab: 'list', state: 'all', level: 'info' })).toEqual({});
  expect(isNarrowed({ tab: 'coverage', rule: 'a' })).toBe(false);
  expect(isNarrowed({ tech: 'T1110' })).toBe(true);
});
