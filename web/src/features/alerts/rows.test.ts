import { expect, test } from 'vitest';
import type { Alert, Group } from './model.ts';
import { alertOf, chosen, flatten, select, step } from './rows.ts';

const alert = (id: string): Alert => ({ id }) as Alert;
const group = (key: string, count: number): Group =>
  ({
    key,
    count,
    newest: Array.from({ length: Math.min(5, count) }, (_, n) => alert(`${key}${n}`)),
  }) as Group;

const none = new Set<string>();
const ids = (rows: { id: string }[]) => rows.map((row) => row.id);

test('an opened group shows three alerts and offers the rest', () => {
  const rows = flatten([group('a', 14), group('b', 1)], new Set(['a']), new Map());
  expect(ids(rows)).toEqual(['g:a', 'a:a0', 'a:a1', 'a:a2', 'm:a', 'g:b']);
});

test('a group of two shows both and offers nothing more', () => {
  const rows = flatten([group('a', 2)], new Set(['a']), new Map());
  expect(ids(rows)).toEqual(['g:a', 'a:a0', 'a:a1']);
  expect(rows[2]).toMatchObject({ last: true });
});

test('all alerts, once fetched, replace the three', () => {
  const all = new Map([['a', [alert('x'), alert('y')]]]);
  expect(ids(flatten([group('a', 14)], new Set(['a']), all))).toEqual(['g:a', 'a:x', 'a:y']);
});

test('a row stands for its alert, a group for its newest', () => {
  const rows = flatten([group('a', 2)], new Set(['a']), new Map());
  expect(alertOf(rows[0])?.id).toBe('a0');
  expect(alertOf(rows[2])?.id).toBe('a1');
  expect(alertOf(undefined)).toBeUndefined();
});

test('moving stops at both ends and knows an empty list', () => {
  expect([step(-1, 1, 3), step(2, 1, 3), step(0, -1, 3), step(0, 1, 0)]).toEqual([0, 2, 0, -1]);
});

test('selecting: one in, one out, a range, never the "see all" row', () => {
  const rows = flatten([group('a', 14), group('b', 1)], new Set(['a']), new Map());
  expect([...select(rows, none, 0, -1, false)]).toEqual(['g:a']);
  expect([...select(rows, new Set(['g:a']), 0, 0, false)]).toEqual([]);
  expect([...select(rows, none, 5, 2, true)]).toEqual(['a:a1', 'a:a2', 'g:b']);
  expect([...select(rows, none, 4, -1, false)]).toEqual([]);
});

test('an alert of a wholly selected group is not counted twice', () => {
  const rows = flatten([group('a', 2), group('b', 2)], new Set(['a', 'b']), new Map());
  const { groups, alerts } = chosen(rows, new Set(['g:a', 'a:a0', 'a:b1']));
  expect(groups.map((each) => each.key)).toEqual(['a']);
  expect(alerts.map((each) => each.id)).toEqual(['b1']);
});
