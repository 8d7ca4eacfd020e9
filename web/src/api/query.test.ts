import { expect, test } from 'vitest';
import { fromFreeText, groupBy, narrow, pieces, quote, splitPipes } from './query.ts';

const kinds = (text: string) =>
  pieces(text)
    .filter((p) => p.kind !== 'space')
    .map((p) => `${p.kind}=${p.text}`);

test('fields, operators and values are told apart', () => {
  expect(kinds('source.ip:10.0.0.0/8 and not user.name:root')).toEqual([
    'field=source.ip',
    'mark=:',
    'value=10.0.0.0/8',
    'op=and',
    'op=not',
    'field=user.name',
    'mark=:',
    'value=root',
  ]);
});

test('the pieces are the text, whatever the text is', () => {
  for (const text of [
    '',
    'a',
    '"không đóng',
    'x:"a \\" b" | stats count() by user.name',
    '((',
    'a:::b>=<',
    'source.ip:2001:db8::1',
    'Ế Ộ Ữ:đ 🙂|',
  ]) {
    expect(
      pieces(text)
        .map((p) => p.text)
        .join(''),
    ).toBe(text);
  }
});

test('a value is quoted when it must be', () => {
  expect(quote('SYT-FS01')).toBe('SYT-FS01');
  expect(quote('203.0.113.7')).toBe('203.0.113.7');
  expect(quote('kế toán')).toBe('"kế toán"');
  expect(quote('C:\\a "b"')).toBe('"C:\\\\a \\"b\\""');
  expect(quote('2001:db8::1')).toBe('"2001:db8::1"');
  expect(quote('and')).toBe('"and"');
  expect(quote('svc_*')).toBe('"svc_*"');
  expect(quote('')).toBe('""');
});

test('narrowing keeps the pipes and brackets an or', () => {
  expect(narrow('', 'user.name', 'root')).toBe('user.name:root');
  expect(narrow('*', 'user.name', 'root', true)).toBe('not user.name:root');
  expect(narrow('a:1 or b:2', 'c', '3')).toBe('(a:1 or b:2) and c:3');
  expect(narrow('a:1 | stats count() by x', 'c', '3')).toBe('a:1 and c:3 | stats count() by x');
  expect(narrow('a:1 and c:3', 'c', '3')).toBe('a:1 and c:3');
});

test('a pipe inside quotes is not a pipe', () => {
  expect(splitPipes('"a | b" and c:1 | limit 5')).toEqual({
    filter: '"a | b" and c:1',
    pipes: '| limit 5',
  });
});

test('grouping drops earlier pipes', () => {
  expect(groupBy('a:1 | limit 5', 'host.name')).toBe(
    'a:1 | stats count() by host.name | sort -count | limit 50',
  );
  expect(groupBy('', 'host.name')).toContain('* | stats');
});

test('free text becomes a phrase, a query stays a query', () => {
  expect(fromFreeText('203.0.113.77')).toBe('"203.0.113.77"');
  expect(fromFreeText('2001:db8::1')).toBe('"2001:db8::1"');
  expect(fromFreeText('user.name:root')).toBe('user.name:root');
  expect(fromFreeText(' Thất bại ')).toBe('"Thất bại"');
});

test('a regular expression is one piece, and its bar is no pipe', () => {
  expect(splitPipes('user.name:/^(a|b)$/ | limit 5')).toEqual({
    filter: 'user.name:/^(a|b)$/',
    pipes: '| limit 5',
  });
  expect(splitPipes('source.ip:10.0.0.0/8 | limit 5').pipes).toBe('| limit 5');
  expect(kinds('x:/a b/ and y:1')).toEqual([
    'field=x',
    'mark=:',
    'string=/a b/',
    'op=and',
    'field=y',
    'mark=:',
    'value=1',
  ]);
  expect(quote('/admin/')).toBe('"/admin/"');
  expect(quote('10.0.0.0/8')).toBe('10.0.0.0/8');
});
