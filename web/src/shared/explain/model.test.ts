import { expect, test } from 'vitest';
import {
  type ExplainedItem,
  type ExplainedNode,
  firstReason,
  markHit,
  openAtFirst,
  saidAlready,
  simplify,
} from './model.ts';

function item(holds: boolean, over: Partial<ExplainedItem> = {}): ExplainedNode {
  return {
    kind: 'item',
    holds,
    item: {
      holds,
      field: 'Image',
      expected: [{ op: 'endswith', value: '\\cmd.exe', hit: holds }],
      expected_count: 1,
      actual: { field: 'Image', ecs: '', value: 'C:\\Windows\\CMD.EXE' },
      ...over,
    },
  };
}
const node = (
  kind: ExplainedNode['kind'],
  holds: boolean,
  children: ExplainedNode[],
  selection?: string,
): ExplainedNode => ({ kind, holds, children, ...(selection ? { selection } : {}) });

test('of a match the held branches start open, what excluded nothing stays folded', () => {
  const root = node('and', true, [
    node('or', true, [item(false), node('and', true, [item(true)])]),
    node('not', true, [node('or', false, [item(false)], 'filter')]),
    node('or', true, [node('and', false, [item(false)]), item(true)]),
  ]);
  expect([...openAtFirst(root)].sort()).toEqual(['', '0', '0.1', '2']);
});

test('of a miss the failing branch starts open, a long list of no stays folded', () => {
  const long = node(
    'or',
    false,
    Array.from({ length: 9 }, () => item(false)),
  );
  const root = node('and', false, [
    node('and', true, [item(true)]),
    node('and', false, [item(true), item(false)]),
    long,
    node('not', false, [node('or', true, [item(true), item(false)], 'filter')]),
  ]);
  expect([...openAtFirst(root)].sort()).toEqual(['', '1', '3', '3.0']);
});

test('the first reason is the failing item, the filter that held, or the exception', () => {
  expect(firstReason(node('and', true, [item(true)]))).toBeNull();
  const failed = item(false);
  expect(firstReason(node('and', false, [item(true), node('or', false, [failed])]))).toEqual({
    kind: 'item',
    item: failed.item,
  });
  expect(
    firstReason(
      node('and', false, [node('not', false, [node('or', true, [item(true)], 'backup')])]),
    ),
  ).toEqual({ kind: 'excluded', name: 'backup' });
  expect(firstReason(node('not', false, [item(true)]))).toEqual({
    kind: 'excluded',
    name: 'Image',
  });
  expect(firstReason(node('not', false, [{ ...item(true), exception: 'x7' }]))).toEqual({
    kind: 'exception',
    name: 'x7',
  });
});

test('the met text is marked where it stands, whatever its case', () => {
  const met = item(true).item as ExplainedItem;
  expect(markHit(met)).toEqual([
    { text: 'C:\\Windows', marked: false },
    { text: '\\CMD.EXE', marked: true },
  ]);
  expect(markHit({ ...met, expected: [{ op: 'endswith', value: 'x', hit: false }] })).toEqual([
    { text: 'C:\\Windows\\CMD.EXE', marked: false },
  ]);
  const contains = { op: 'contains', value: 'WINDOWS', hit: true } as const;
  expect(markHit({ ...met, expected: [contains] }).map((piece) => piece.text)).toEqual([
    'C:\\',
    'Windows',
    '\\CMD.EXE',
  ]);
  // Lower case of some letters is longer: then the whole value is marked rather than a wrong place.
  expect(
    markHit({
      ...met,
      actual: { field: 'a', ecs: '', value: 'İxabc' },
      expected: [{ op: 'contains', value: 'abc', hit: true }],
    }),
  ).toEqual([{ text: 'İxabc', marked: true }]);
});

test('a value that equals what was wanted needs no second line', () => {
  const base = item(true).item as ExplainedItem;
  const equal = {
    ...base,
    expected: [{ op: 'equals' as const, value: 'c:\\windows\\cmd.exe', hit: true }],
  };
  expect(saidAlready(equal)).toBe(true);
  expect(saidAlready(base)).toBe(false);
});

test('a group of one is its one under its own name; an exclusion stays', () => {
  const only = item(true);
  expect(simplify(node('and', true, [node('or', true, [only])], 'selection'))).toEqual({
    ...only,
    selection: 'selection',
  });
  const not = node('not', true, [item(false)]);
  expect(simplify(node('and', true, [not]))).toEqual(not);
});
