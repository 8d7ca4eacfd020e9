import { expect, test } from 'vitest';
import { fieldText, markValues } from './raw.ts';

const marked = (text: string, values: string[]) =>
  markValues(text, values)
    .filter((piece) => piece.marked)
    .map((piece) => piece.text);

test('matched values are marked as whole words, the longest first', () => {
  expect(marked('port 10 and 100 from 10.0.0.10', ['10', '10.0.0.10'])).toEqual([
    '10',
    '10.0.0.10',
  ]);
  expect(marked('Failed password for ROOT', ['root'])).toEqual(['ROOT']);
});

test('a value is found as JSON writes it', () => {
  expect(marked('{"Image":"C:\\\\a.exe"}', ['C:\\a.exe'])).toEqual(['C:\\\\a.exe']);
});

test('the pieces are the text, with any value', () => {
  const text = 'a(b)[c] $x đăng nhập';
  for (const values of [[], [''], ['('], ['$x', '[c]'], ['đăng'], ['a', 'a(b']]) {
    expect(
      markValues(text, values)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
  }
});

test('any value of an event has a text', () => {
  expect(fieldText(null)).toBe('');
  expect(fieldText(['a', 1, null])).toBe('a, 1, ');
  expect(fieldText({ a: 1 })).toBe('{"a":1}');
  expect(fieldText(false)).toBe('false');
});
