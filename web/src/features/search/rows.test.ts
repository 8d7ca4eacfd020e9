import { expect, test } from 'vitest';
import { cellText, columnText, fieldsOf, labelEvery, template } from './rows.ts';

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
