import { expect, test } from 'vitest';
import {
  allColumns,
  cellText,
  columnText,
  fieldsOf,
  filled,
  groupsOf,
  labelEvery,
  shapeOf,
  template,
  toCsv,
  toNdjson,
} from './rows.ts';

test('the detail falls back to the line as it arrived', () => {
  expect(columnText({ message: 'a', 'event.original': 'b' }, 'message')).toBe('a');
  expect(columnText({ message: '', 'event.original': 'b' }, 'message')).toBe('b');
  expect(columnText({}, 'user.name')).toBe('');
});

test('values of any type have a text', () => {
  expect([cellText(0), cellText(false), cellText([1, 'a']), cellText({ a: 1 })]).toEqual([
    '0',
    'false',
    '1, a',
    '{"a":1}',
  ]);
});

test('fields of the rows, without empty values and inner names', () => {
  const rows = [
    { _id: '1', a: 'x', b: null },
    { _id: '2', a: 'y', c: '' },
    { _id: '3', a: 'x' },
  ];
  expect([...fieldsOf(rows)]).toEqual([['a', 2]]);
});

test('the last column takes the room that is left', () => {
  expect(template(['host.name', 'x'])).toBe('16px 140px 112px minmax(240px, 1fr)');
});

test('about six labels on an axis', () => {
  expect([labelEvery(0), labelEvery(6), labelEvery(72)]).toEqual([1, 1, 12]);
});

test('CSV quotes what must be quoted and runs nothing', () => {
  const rows = [{ '@timestamp': 't', a: 'x,"y"', b: -5, c: '=1+1', d: 'hai\ndòng', e: null }];
  expect(toCsv(['@timestamp', 'a', 'b', 'c', 'd', 'e'], rows)).toBe(
    '@timestamp,a,b,c,d,e\r\nt,"x,""y""",-5,\'=1+1,"hai\ndòng",\r\n',
  );
});

test('NDJSON and every column of the rows', () => {
  const rows = [
    { _id: '1', b: 1 },
    { a: 2, '@timestamp': 't' },
  ];
  expect(toNdjson(rows)).toBe('{"_id":"1","b":1}\n{"a":2,"@timestamp":"t"}\n');
  expect(allColumns(rows)).toEqual(['@timestamp', 'a', 'b']);
});

test('fields of an event in groups, the ones that matter first', () => {
  const row = {
    _id: '1',
    'url.path': '/',
    message: 'm',
    'user.name': 'a',
    Own: 1,
    'event.code': 2,
  };
  expect(groupsOf(row)).toEqual([
    [
      'event',
      [
        ['message', 'm'],
        ['event.code', '2'],
      ],
    ],
    ['user', [['user.name', 'a']]],
    ['url', [['url.path', '/']]],
    ['', [['Own', '1']]],
  ]);
});

test('figures of a table, its names, and whether it runs over time', () => {
  expect(
    shapeOf(
      ['source.port', 'count'],
      [
        { 'source.port': 22, count: 5 },
        { 'source.port': 80, count: 3 },
      ],
    ),
  ).toEqual({ names: ['source.port'], numeric: ['count'], times: false });
  expect(
    shapeOf(['@timestamp', 'n'], [{ '@timestamp': '2026-11-22T10:00:00.000000Z', n: 5 }]),
  ).toEqual({ names: ['@timestamp'], numeric: ['n'], times: true });
  expect(shapeOf(['a'], [])).toEqual({ names: ['a'], numeric: [], times: false });
});

test('a line shows the hours in which nothing happened', () => {
  const at = (hour: number) => new Date(Date.UTC(2026, 10, 22, hour)).toISOString();
  expect(filled([at(5), at(1), at(2)])).toEqual([at(1), at(2), at(3), at(4), at(5)]);
  expect(filled([at(1)])).toEqual([at(1)]);
  expect(filled([])).toEqual([]);
  const uneven = ['2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z', '2026-03-01T00:00:00Z'];
  expect(filled(uneven)).toEqual(uneven);
});
