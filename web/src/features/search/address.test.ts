import { expect, test } from 'vitest';
import {
  columnsOf,
  faultColumn,
  fromSaved,
  isAsSaved,
  kDefaultColumns,
  parseEventSearch,
  parseStamp,
  type Saved,
  spanOf,
  toSave,
  widened,
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

const saved: Saved = {
  id: '0193',
  name: 'Đăng nhập hỏng',
  note: '',
  query: 'event.outcome:failure',
  span: '7d',
  from: null,
  to: null,
  columns: ['user.name'],
  view: 'json',
  shared: false,
  owner: 'lan',
  mine: true,
  created_at: '2026-11-22T00:00:00Z',
  changed_at: '2026-11-22T00:00:00Z',
  changed_by: 'lan',
  removed: false,
  version: 1,
};

test('a saved search is an address and back', () => {
  const search = fromSaved(saved);
  expect(search).toEqual({
    q: 'event.outcome:failure',
    saved: '0193',
    range: '7d',
    cols: 'user.name',
    view: 'json',
  });
  expect(toSave(search)).toEqual({
    query: 'event.outcome:failure',
    span: '7d',
    from: null,
    to: null,
    columns: ['user.name'],
    view: 'json',
  });
  expect(isAsSaved(search, saved)).toBe(true);
  expect(isAsSaved({ ...search, event: '12' }, saved)).toBe(true);
  expect(isAsSaved({ ...search, q: 'x' }, saved)).toBe(false);
  expect(isAsSaved({ ...search, from: '2026-11-22T00:00:00Z' }, saved)).toBe(false);
});

test('what is open beside the list stands in the address', () => {
  expect(parseEventSearch({ event: 12345, entity: 'source.ip:1.2.3.4', explain: true })).toEqual({
    event: '12345',
    entity: 'source.ip:1.2.3.4',
    explain: true,
  });
  expect(parseEventSearch({ event: 'x', explain: 'yes', split: '' })).toEqual({});
});

test('a span is widened around its middle, and not into the future', () => {
  const hour = 3_600_000;
  const now = 100 * hour;
  expect(widened(10 * hour, 12 * hour, 2, now)).toEqual({
    from: new Date(9 * hour).toISOString(),
    to: new Date(13 * hour).toISOString(),
  });
  expect(widened(96 * hour, 100 * hour, 2, now)).toEqual({
    from: new Date(92 * hour).toISOString(),
    to: new Date(100 * hour).toISOString(),
  });
  expect(widened(10 * hour, 14 * hour, 0.5, now)).toEqual({
    from: new Date(11 * hour).toISOString(),
    to: new Date(13 * hour).toISOString(),
  });
});
