import { expect, test } from 'vitest';
import { readFilter } from './filter.ts';
import { draftRule, guessSource } from './ruleDraft.ts';

const words = {
  title: "Đăng nhập 'root' hỏng",
  level: 'medium',
  author: 'lan',
  id: '00000000-0000-4000-8000-000000000000',
  date: '2026-11-23',
};
const source = { product: 'linux', category: '', service: 'sshd' };

/** The detection alone. */
function detection(query: string): string {
  const { yaml } = draftRule(query, words, source);
  return yaml.slice(yaml.indexOf('detection:\n') + 11, yaml.indexOf('falsepositives'));
}

test('the head of a draft', () => {
  const { yaml, unsaid } = draftRule('user.name:root', words, source);
  expect(unsaid).toEqual([]);
  expect(yaml).toBe(`title: 'Đăng nhập ''root'' hỏng'
id: 00000000-0000-4000-8000-000000000000
status: experimental
author: 'lan'
date: 2026-11-23
logsource:
    product: 'linux'
    service: 'sshd'
detection:
    selection_1:
        user.name: 'root'
    condition: selection_1
falsepositives: []
level: medium
`);
});

test('side by side is one selection, values of a field are a list', () => {
  const query = 'event.outcome:failure and user.name:(root or admin) source.port >= 1024';
  expect(detection(query)).toBe(`    selection_1:
        event.outcome: 'failure'
        source.port|gte: 1024
    selection_2:
        user.name:
            - 'root'
            - 'admin'
    condition: selection_1 and selection_2
`);
});

test('not, or and parentheses keep their meaning', () => {
  expect(
    detection('(user.name:root or host.name:a*) and not (source.ip:10.0.0.0/8 or x:1)'),
  ).toBe(`    selection_1:
        user.name: 'root'
    selection_2:
        host.name: 'a*'
    filter_3:
        source.ip|cidr: '10.0.0.0/8'
    filter_4:
        x: 1
    condition: (selection_1 or selection_2) and not (filter_3 or filter_4)
`);
});

test('parentheses stand where the meaning needs them', () => {
  expect(detection('z:9 and (a:1 b:2 or c:3 d:4)')).toContain(
    'condition: selection_1 and (selection_2 or selection_3)\n',
  );
  expect(detection('(a:1 or b:2) and (c:3 or d:4) or e:5')).toContain(
    'condition: ((selection_1 or selection_2) and (selection_3 or selection_4)) or selection_5\n',
  );
});

test('words, phrases, texts, regular expressions, presence', () => {
  const query = '"failed password" message:root* user.name:/^adm.*\\/x$/ source.ip:*';
  expect(detection(query)).toBe(`    selection_1:
        message|contains: 'root'
        user.name|re: '^adm.*/x$'
        source.ip|exists: true
    keywords_2:
        - 'failed password'
    condition: selection_1 and keywords_2
`);
});

test('two tests of one field must both hold', () => {
  expect(detection('x >= 1 x >= 5')).toContain('condition: selection_1 and selection_2');
});

test('wildcards that are characters, and paths', () => {
  expect(detection('file.path:"C:\\\\Temp\\\\*.exe"')).toContain(
    "file.path: 'C:\\Temp\\\\\\*.exe'",
  );
  expect(detection('file.path:C:\\Temp\\\\*.exe')).toContain("'C:\\Temp\\\\*.exe'");
});

test('what a rule cannot say is named and left out', () => {
  const { yaml, unsaid } = draftRule(
    'user.name:root and @timestamp > -1h and gac.source:a | stats count() by x',
    words,
    source,
  );
  expect(yaml).toContain('condition: selection_1\n');
  expect(unsaid.map((one) => [one.part, one.why])).toEqual([
    ['@timestamp > -1h', 'time'],
    ['gac.source:a', 'store'],
    ['| stats count() by x', 'stats'],
  ]);
  expect(draftRule('*', words, source)).toMatchObject({
    yaml: '',
    unsaid: [{ why: 'everything' }],
  });
  expect(draftRule('not (a:1 and @timestamp > -1h) b:2', words, source).yaml).toContain(
    'condition: selection_1\n',
  );
});

test('what it says a little otherwise is named too', () => {
  expect(draftRule('Đặng', words, source).otherwise.map((one) => one.how)).toEqual([
    'marks',
    'wider',
  ]);
});

test('trees of the language', () => {
  expect(readFilter('a b or c')).toMatchObject({
    kind: 'or',
    of: [{ kind: 'and', of: [{ value: 'a' }, { value: 'b' }] }, { value: 'c' }],
  });
  expect(readFilter('2001:db8::1')).toMatchObject({
    kind: 'test',
    field: '',
    value: '2001:db8::1',
  });
  expect(readFilter('"own name":x')).toMatchObject({ field: 'own name', value: 'x' });
  expect(readFilter('')).toEqual({ kind: 'all' });
  expect(readFilter('port:[1 to 5]')).toMatchObject({ relation: 'range' });
  // However odd the text, reading ends.
  for (const odd of ['(((', ':::', ')', 'a:', '"', 'not', 'a:(', '<>', 'a:/x', '|'])
    readFilter(odd);
});

test('the log source is guessed from the fields', () => {
  expect(guessSource([{ Channel: 'Security', EventID: 4625 }])).toEqual({
    product: 'windows',
    category: '',
    service: 'security',
  });
  expect(guessSource([{ 'process.name': 'sshd' }])).toEqual({
    product: 'linux',
    category: '',
    service: 'sshd',
  });
  expect(guessSource([{ 'url.original': '/' }]).category).toBe('webserver');
  expect(guessSource([])).toEqual({ product: '', category: '', service: '' });
});
