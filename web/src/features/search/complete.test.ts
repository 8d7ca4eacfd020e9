import { expect, test } from 'vitest';
import { quote } from '@/api/query.ts';
import { accept, columnsIn, offersAt, placeAt } from './complete.ts';
import type { Field } from './queries.ts';

const fields: Field[] = [
  { name: 'source.ip', type: 'ip', meaning: 'where it came from', known: true },
  { name: 'source.port', type: 'integer', known: true },
  { name: 'user.name', type: 'string', known: true },
  { name: '@timestamp', type: 'time', known: true },
  { name: 'event.outcome', type: 'string', known: true },
  { name: 'EventID', known: false },
];
const values = [
  { value: 'root', count: 900 },
  { value: 'Đặng Hà', count: 12 },
  { value: 'admin', count: 3 },
];

const lists = ['botnet', 'mạng ma 2026', 'phishing'];

/** "|" in the text would be a pipe, so the caret is "¦". */
function at(marked: string, forced = false) {
  const caret = marked.indexOf('¦');
  const text = marked.replace('¦', '');
  const place = placeAt(text, caret);
  const offers = place ? offersAt(text, place, { fields, values, lists, forced, quote }) : [];
  return {
    place,
    labels: offers.map((offer) => offer.label),
    pick: (label: string) => {
      const offer = offers.find((one) => one.label === label);
      if (!place || !offer) throw new Error(`${label} is not offered`);
      const done = accept(text, caret, place, offer);
      return `${done.text.slice(0, done.caret)}¦${done.text.slice(done.caret)}`;
    },
  };
}

test('names of fields, by their beginning, then by a part', () => {
  expect(at('so¦').labels).toEqual(['source.ip', 'source.port']);
  expect(at('ip¦').labels).toEqual(['source.ip']);
  expect(at('a and us¦').pick('user.name')).toBe('a and user.name:¦');
  expect(at('not us¦ and b').pick('user.name')).toBe('not user.name:¦ and b');
  expect(at('¦').labels).toEqual([]);
  expect(at('¦', true).labels.slice(0, 3)).toEqual(['not', '(', 'source.ip']);
});

test('operators once the name is whole', () => {
  expect(at('source.port¦').labels).toEqual([
    'source.port:',
    'source.port >= ',
    'source.port <= ',
    'source.port:*',
  ]);
  expect(at('user.name¦').pick('user.name:')).toBe('user.name:¦');
});

test('values of the field, quoted where they must be', () => {
  expect(at('user.name:¦').labels).toEqual(['root', 'Đặng Hà', 'admin', '*']);
  expect(at('user.name:dang¦').pick('Đặng Hà')).toBe('user.name:"Đặng Hà" ¦');
  expect(at('user.name:"dan¦"').pick('Đặng Hà')).toBe('user.name:"Đặng Hà" ¦');
  expect(at('user.name: ro¦ and x').pick('root')).toBe('user.name: root ¦and x');
  expect(at('user.name:(root or ad¦)').pick('admin')).toBe('user.name:(root or admin ¦)');
  expect(at('user.name:root¦').labels).toEqual([]);
  expect(at('@timestamp > ¦').labels).toContain('-1h');
});

test('inside a phrase nothing is offered', () => {
  expect(at('"failed pass¦').place).toBeNull();
  expect(at('"failed pass¦"').place).toBeNull();
  expect(at('x | fields "own na¦').place).toBeNull();
});

test('joins behind a whole condition', () => {
  expect(at('user.name:root ¦').labels).toEqual([]);
  expect(at('user.name:root ¦', true).labels).toEqual(['and', 'or', 'and not', '|']);
  expect(at('user.name:root a¦').labels[0]).toBe('and');
});

test('a bar in quotes is no pipe', () => {
  expect(at('"a | b" and us¦').labels).toEqual(['user.name']);
  expect(at('x:a\\|us¦').place?.kind).toBe('value');
});

test('pipes and what they take', () => {
  expect(at('* | ¦').labels).toEqual([
    'stats',
    'top',
    'dedup',
    'where',
    'sort',
    'limit',
    'fields',
    'extract',
    'hunt',
  ]);
  expect(at('* | st¦').pick('stats')).toBe('* | stats ¦');
  expect(at('* | stats ¦').pick('count()')).toBe('* | stats count()¦');
  expect(at('* | stats d¦').pick('dcount()')).toBe('* | stats dcount(¦)');
  expect(at('* | stats dcount(us¦)').pick('user.name')).toBe('* | stats dcount(user.name¦)');
  expect(at('* | stats perc¦').pick('percentile()')).toBe('* | stats percentile(¦, 99)');
  expect(at('* | stats count() ¦', true).labels).toEqual(['by', 'as', ',', '|']);
  expect(at('* | stats count() b¦').labels).toEqual(['by']);
  expect(at('* | stats count() by ¦').labels.slice(0, 5)).toEqual([
    '5m',
    '1h',
    '1d',
    '1w',
    'source.ip',
  ]);
  expect(at('* | stats count() by user.name, so¦').labels).toEqual(['source.ip', 'source.port']);
  expect(at('* | stats count() by user.name ¦', true).labels).toEqual([',', '|']);
  expect(at('* | sort -so¦').pick('source.ip')).toBe('* | sort -source.ip¦');
  expect(at('* | fields user.name, so¦').labels).toEqual(['source.ip', 'source.port']);
  expect(at('* | limit ¦').labels).toEqual(['10', '20', '50', '100']);
});

test('sort offers the columns of the table', () => {
  const text =
    '* | stats count() as n, sum(source.bytes), count() by user.name, source.ip | sort -¦';
  expect(columnsIn(text)).toEqual(['n', 'sum(source.bytes)', 'count', 'user.name', 'source.ip']);
  expect(at(text).labels).toEqual(['n', 'sum(source.bytes)', 'count', 'user.name', 'source.ip']);
});

test('what stands behind the caret stays', () => {
  expect(at('us¦:root').pick('user.name')).toBe('user.name:¦:root');
});

test('top, dedup, where, extract', () => {
  expect(at('* | top ¦').labels).toEqual(['10', '20', '50', '100']);
  expect(at('* | top 10 us¦').labels).toEqual(['user.name']);
  expect(at('* | top 10 user.name ¦', true).labels).toEqual(['by', ',', '|']);
  expect(at('* | dedup us¦').pick('user.name')).toBe('* | dedup user.name¦');
  expect(at('* | where us¦').pick('user.name')).toBe('* | where user.name:¦');
  expect(at('* | where user.name:ro¦').pick('root')).toBe('* | where user.name:root ¦');
  expect(at('* | extract us¦').labels).toEqual(['user.name']);
  expect(columnsIn('* | top 5 user.name by source.ip')).toEqual([
    'source.ip',
    'user.name',
    'count',
  ]);
  expect(columnsIn('* | stats count(), p95(x) by bin(source.port, 100), 1h')).toEqual([
    'count',
    'p95(x)',
    'source.port',
    '@timestamp',
  ]);
});

test('the bar of a regular expression is no pipe', () => {
  expect(at('user.name:/^(a|b)$/ and so¦').labels).toEqual(['source.ip', 'source.port']);
});

test('hunt offers the lists in force, quoted where they need it', () => {
  expect(at('* | hunt ¦').labels).toEqual(['botnet', 'mạng ma 2026', 'phishing']);
  expect(at('* | hunt phi¦').pick('phishing')).toBe('* | hunt phishing ¦');
  expect(at('* | hunt mang¦').pick('mạng ma 2026')).toBe('* | hunt "mạng ma 2026" ¦');
  expect(at('* | hunt "mạng m¦"').pick('mạng ma 2026')).toBe('* | hunt "mạng ma 2026" ¦');
  expect(at('* | hunt botnet ¦', true).labels).toEqual(['|']);
  expect(at('* | hunt botnet¦').labels).toEqual([]);
});
