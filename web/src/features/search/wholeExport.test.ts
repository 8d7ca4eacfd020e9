import { expect, test } from 'vitest';
import { exportPath, foreignPipe, withColumns } from './wholeExport.ts';

test('a filter and | fields can be exported whole, other pipes are named', () => {
  expect(foreignPipe('')).toBe('');
  expect(foreignPipe('a:b and "x | stats y"')).toBe('');
  expect(foreignPipe('a:b | fields x, y')).toBe('');
  expect(foreignPipe('a:b | FIELDS x | fields y')).toBe('');
  expect(foreignPipe('a:b | stats count() by x | sort -count')).toBe('stats');
  expect(foreignPipe('a:b | fields x | limit 5')).toBe('limit');
  expect(foreignPipe('a:/b|c/ | fields x')).toBe('');
});

test('the columns on screen are named, unless the question names its own', () => {
  expect(withColumns('a:b', ['host.name', 'message', '_source'])).toBe(
    'a:b | fields @timestamp, host.name, message, gac.source',
  );
  expect(withColumns('', ['@timestamp', 'user.name'])).toBe('* | fields @timestamp, user.name');
  expect(withColumns('a:b | fields x', ['host.name'])).toBe('a:b | fields x');
});

test('the address carries the question as it is', () => {
  const path = exportPath({ format: 'spreadsheet', query: 'a:"ế & b" | fields x', from: '-60m' });
  const asked = new URL(path, 'https://gac.test').searchParams;
  expect(asked.get('query')).toBe('a:"ế & b" | fields x');
  expect(asked.get('format')).toBe('spreadsheet');
  expect(asked.get('from')).toBe('-60m');
  expect(asked.has('to')).toBe(false);
});
