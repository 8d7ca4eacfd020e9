import { act, renderHook } from '@testing-library/react';
import { expect, test } from 'vitest';
import { useStableList } from './useStableList.ts';

type Row = { id: string; n: number };
const key = (row: Row) => row.id;
const row = (id: string, n = 0): Row => ({ id, n });

function start(rows: Row[] | undefined, scope = 'a') {
  return renderHook(
    (props: { rows: Row[] | undefined; scope: string }) =>
      useStableList(props.rows, key, props.scope),
    { initialProps: { rows, scope } },
  );
}

test('new rows wait and move nothing until they are released', () => {
  const list = start([row('a'), row('b')]);
  list.rerender({ rows: [row('c'), row('b', 5), row('a')], scope: 'a' });
  expect(list.result.current.rows).toEqual([row('a'), row('b', 5)]);
  expect(list.result.current.waiting).toEqual([row('c')]);
  act(() => list.result.current.release());
  expect(list.result.current.rows.map(key)).toEqual(['c', 'b', 'a']);
  expect(list.result.current.waiting).toEqual([]);
});

test('rows that are gone leave at once, and wait if they come back', () => {
  const list = start([row('a'), row('b')]);
  list.rerender({ rows: [row('b')], scope: 'a' });
  expect(list.result.current.rows.map(key)).toEqual(['b']);
  list.rerender({ rows: [row('a'), row('b')], scope: 'a' });
  expect(list.result.current.rows.map(key)).toEqual(['b']);
  expect(list.result.current.waiting.map(key)).toEqual(['a']);
});

test('an empty list shows what comes at once', () => {
  const list = start([]);
  list.rerender({ rows: [row('a')], scope: 'a' });
  expect(list.result.current.rows.map(key)).toEqual(['a']);
});

test('another question accepts everything anew; loading keeps nothing', () => {
  const list = start([row('a')]);
  list.rerender({ rows: undefined, scope: 'b' });
  expect(list.result.current.rows).toEqual([]);
  list.rerender({ rows: [row('z'), row('a')], scope: 'b' });
  expect(list.result.current.rows.map(key)).toEqual(['z', 'a']);
  expect(list.result.current.waiting).toEqual([]);
});
