import { expect, test } from 'vitest';
import {
  columnsOf,
  faultColumn,
  kDefaultColumns,
  parseEventSearch,
  parseStamp,
  spanOf,
} from './address.ts';

test('a typed time is Vietnam time and must exist', () => {
  expect(parseStamp('22/11/2026 21:59:13')).toBe('2026-11-22T14:59:13.000Z');
  expect(parseStamp('22/11/2026 06:00')).toBe('2026-11-21T23:00:00.000Z');
  expect(parseStamp('1/1/2027')).toBe('2026-12-31T17:00:00.000Z');
  for (const wrong of [
    '31/02/2026',
    '2026-11-22',
    '22/13/2026',
    '22/11/2026 24:00',
    '',
    'hôm qua',
  ]) {
    expect(parseStamp(wrong)).toBeNull();
  }
});

test('the address is checked: what is not ours is left out', () => {
  expect(parseEventSearch({ q: 5, from: 'never', view: 'cake', range: '9y', cols: '' })).toEqual({
    q: '5',
  });
  expect(parseEventSearch({ q: '', range: '7d', view: 'json', unit: 'u' })).toEqual({
    q: '',
    range: '7d',
    view: 'json',
    unit: 'u',
  });
});

test('an absolute span wins over the range', () => {
  expect(spanOf({ range: '1h' })).toEqual({ from: '-60m' });
  expect(spanOf({})).toEqual({ from: '-1440m' });
  expect(spanOf({ range: '1h', from: '2026-11-22T00:00:00Z' })).toEqual({
    from: '2026-11-22T00:00:00Z',
  });
});

test('columns', () => {
  expect(columnsOf({})).toBe(kDefaultColumns);
  expect(columnsOf({ cols: 'a,b' })).toEqual(['a', 'b']);
});

test('the place of a fault', () => {
  expect(faultColumn('column 12')).toBe(12);
  expect(faultColumn('from')).toBeNull();
  expect(faultColumn(undefined)).toBeNull();
});
