import { beforeEach, expect, test } from 'vitest';
import { asked, forget, remember } from './asked.ts';

beforeEach(() => localStorage.clear());

test('own questions, the newest first, each once', () => {
  remember('lan', 'a', 1);
  remember('lan', ' b ', 2);
  remember('lan', 'a', 3);
  remember('minh', 'c', 4);
  expect(asked('lan')).toEqual([
    { q: 'a', at: 3 },
    { q: 'b', at: 2 },
  ]);
  forget('lan');
  expect(asked('lan')).toEqual([]);
  expect(asked('minh')).toHaveLength(1);
});

test('nothing asked is no question, and there are at most fifty', () => {
  remember('lan', '', 1);
  remember('lan', '*', 1);
  expect(asked('lan')).toEqual([]);
  for (let n = 0; n < 70; n += 1) remember('lan', `q${n}`, n);
  expect(asked('lan')).toHaveLength(50);
  expect(asked('lan')[0]?.q).toBe('q69');
});

test('what somebody else wrote there is left out', () => {
  localStorage.setItem('gac.asked.lan', '{"not":"a list"}');
  expect(asked('lan')).toEqual([]);
  localStorage.setItem('gac.asked.lan', '[{"q":5},{"q":"x","at":1},null]');
  expect(asked('lan')).toEqual([{ q: 'x', at: 1 }]);
  localStorage.setItem('gac.asked.lan', 'broken');
  expect(asked('lan')).toEqual([]);
});
