// From a question to the draft of a Sigma rule: the filter becomes selections and a condition. What a
// rule of this kind cannot say is left out and named.
import { splitPipes } from '@/api/query.ts';
import { readFilter, type Test, type Tree } from './filter.ts';

export type LogSource = { product: string; category: string; service: string };
/** Why a part of the question is not in the rule. */
export type Unsaid = {
  part: string;
  why: 'time' | 'store' | 'pipes' | 'range' | 'everything' | 'stats';
};
/** What the rule says a little otherwise. */
export type Otherwise = { part: string; how: 'wider' | 'marks' };
export type Draft = { yaml: string; unsaid: Unsaid[]; otherwise: Otherwise[] };

type Row = { key: string; value: string | number | true };
type Part = { name: string; rows: Row[] };

const kTexts = new Set(['message', 'event.original']);
const kNumber = /^-?\d+(\.\d+)?$/;
const kCidr = /^[0-9a-f.:]+\/\d{1,3}$/i;

function show(test: Test): string {
  const value = test.quoted ? `"${test.value}"` : test.value;
  if (test.field === '') return value;
  if (test.relation === 'exists') return `${test.field}:*`;
  if (test.relation === 're') return `${test.field}:/${test.value}/`;
  if (test.relation === 'is' || test.relation === 'range') return `${test.field}:${value}`;
  return `${test.field} ${test.relation} ${value}`;
}

/** Wildcards stay, everything that a rule would read as one is escaped. */
function pattern(test: Test): string {
  let out = '';
  for (let at = 0; at < test.value.length; at += 1) {
    const c = test.value[at] ?? '';
    const wild = c === '*' || c === '?';
    if (wild && !test.stars.includes(at)) out += `\\${c}`;
    else if (c === '\\' && /[*?\\]/.test(test.value[at + 1] ?? '')) out += '\\\\';
    else out += c;
  }
  return out;
}

/** `by` is the word on the outside, empty for a single selection. */
type Said = { text: string; by: '' | 'and' | 'or' };
const one = (text: string): Said => ({ text, by: '' });

class Writer {
  readonly parts: Part[] = [];
  readonly unsaid: Unsaid[] = [];
  readonly otherwise: Otherwise[] = [];

  private add(name: string, rows: Row[]): string {
    const full = `${name}_${this.parts.length + 1}`;
    this.parts.push({ name: full, rows });
    return full;
  }

  /** The row that a test becomes; null when a rule cannot say it. */
  private row(test: Test): Row | null {
    const { field } = test;
    const cannot = (why: Unsaid['why']) => {
      this.unsaid.push({ part: show(test), why });
      return null;
    };
    if (field === '@timestamp' || field === 'event.ingested') return cannot('time');
    if (field.startsWith('gac.') || field === 'event.id') return cannot('store');
    if (!test.quoted && /[^\p{ASCII}]/u.test(test.value)) {
      this.otherwise.push({ part: show(test), how: 'marks' });
    }
    switch (test.relation) {
      case 'exists':
        return { key: `${field}|exists`, value: true };
      case 're':
        return { key: `${field || 'event.original'}|re`, value: test.value };
      case 'range':
        return cannot('range');
      case 'is':
        break;
      default: {
        const names = { '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte' };
        if (!kNumber.test(test.value)) return cannot('range');
        return { key: `${field}|${names[test.relation]}`, value: Number(test.value) };
      }
    }
    if (field === '') {
      this.otherwise.push({ part: show(test), how: 'wider' });
      return { key: '', value: pattern(test).replace(/^\*|\*$/g, '') };
    }
    if (kCidr.test(test.value)) return { key: `${field}|cidr`, value: test.value };
    if (kTexts.has(field)) {
      this.otherwise.push({ part: show(test), how: 'wider' });
      return { key: `${field}|contains`, value: pattern(test).replace(/^\*|\*$/g, '') };
    }
    if (!test.quoted && kNumber.test(test.value) && String(Number(test.value)) === test.value) {
      return { key: field, value: Number(test.value) };
    }
    return { key: field, value: pattern(test) };
  }

  /** The condition for a tree, and what binds it; null when nothing of it can be said. */
  say(tree: Tree, name = 'selection'): Said | null {
    switch (tree.kind) {
      case 'all':
        return null;
      case 'test': {
        const row = this.row(tree);
        return row ? one(this.add(row.key === '' ? 'keywords' : name, [row])) : null;
      }
      case 'not': {
        const missing = this.unsaid.length;
        const parts = this.parts.length;
        const inner = this.say(tree.of, 'filter');
        // Half of what is negated would forbid more than the question did.
        if (!inner || this.unsaid.length > missing) {
          this.parts.length = parts;
          return null;
        }
        return one(inner.by === '' ? `not ${inner.text}` : `not (${inner.text})`);
      }
      case 'and': {
        const rows: Row[] = [];
        const apart: Row[] = [];
        const plain = tree.of.filter((child) => child.kind === 'test' && child.field !== '');
        for (const child of plain) {
          const row = this.row(child as Test);
          if (row) (rows.some((other) => other.key === row.key) ? apart : rows).push(row);
        }
        const said = rows.length > 0 ? [one(this.add(name, rows))] : [];
        said.push(...apart.map((row) => one(this.add(name, [row]))));
        for (const child of tree.of) {
          const inner = plain.includes(child) ? null : this.say(child, name);
          if (inner) said.push(inner);
        }
        return join('and', said);
      }
      case 'or': {
        const lists = new Map<string, Row[]>();
        const said: Said[] = [];
        for (const child of tree.of) {
          if (child.kind === 'test') {
            const row = this.row(child);
            if (row) lists.set(row.key, [...(lists.get(row.key) ?? []), row]);
          } else {
            const inner = this.say(child, name);
            if (inner) said.push(inner);
          }
        }
        for (const [key, rows] of lists) {
          said.push(one(this.add(key === '' ? 'keywords' : name, rows)));
        }
        return join('or', said);
      }
    }
  }
}

function join(by: 'and' | 'or', all: Said[]): Said | null {
  if (all.length < 2) return all[0] ?? null;
  const text = all
    .map((each) => (each.by === '' || each.by === by ? each.text : `(${each.text})`))
    .join(` ${by} `);
  return { text, by };
}

function text(value: string | number | true): string {
  if (typeof value !== 'string') return String(value);
  return `'${value.replace(/'/g, "''")}'`;
}

function partYaml(part: Part): string[] {
  const head = `    ${part.name}:`;
  const keys = new Map<string, Row[]>();
  for (const row of part.rows) keys.set(row.key, [...(keys.get(row.key) ?? []), row]);
  const out = [head];
  for (const [key, rows] of keys) {
    if (key === '') out.push(...rows.map((row) => `        - ${text(row.value)}`));
    else if (rows.length === 1 && rows[0]) out.push(`        ${key}: ${text(rows[0].value)}`);
    else out.push(`        ${key}:`, ...rows.map((row) => `            - ${text(row.value)}`));
  }
  return out;
}

export type Words = { title: string; level: string; author: string; id: string; date: string };

/** The draft; without YAML when nothing of the question can stand in a rule. */
export function draftRule(query: string, words: Words, source: LogSource): Draft {
  const { filter, pipes } = splitPipes(query);
  const writer = new Writer();
  const condition = writer.say(readFilter(filter))?.text ?? '';
  if (/^\|\s*(stats|top)\b/i.test(pipes)) writer.unsaid.push({ part: pipes, why: 'stats' });
  else if (pipes) writer.unsaid.push({ part: pipes, why: 'pipes' });
  if (condition === '') {
    if (writer.unsaid.length === 0) writer.unsaid.push({ part: filter || '*', why: 'everything' });
    return { yaml: '', unsaid: writer.unsaid, otherwise: [] };
  }
  const logsource = Object.entries(source).filter(([, value]) => value !== '');
  const lines = [
    `title: ${text(words.title)}`,
    `id: ${words.id}`,
    'status: experimental',
    `author: ${text(words.author)}`,
    `date: ${words.date}`,
    'logsource:',
    ...logsource.map(([key, value]) => `    ${key}: ${text(value)}`),
    'detection:',
    ...writer.parts.flatMap(partYaml),
    `    condition: ${condition}`,
    'falsepositives: []',
    `level: ${words.level}`,
  ];
  return { yaml: `${lines.join('\n')}\n`, unsaid: writer.unsaid, otherwise: writer.otherwise };
}

/** Where such events come from, by the fields that the rows have. */
export function guessSource(rows: readonly Record<string, unknown>[]): LogSource {
  const has = (name: string) => rows.some((row) => row[name] !== undefined && row[name] !== null);
  const channel = String(
    rows.find((row) => row['winlog.channel'] ?? row.Channel)?.['winlog.channel'] ??
      rows.find((row) => row.Channel)?.Channel ??
      '',
  );
  if (channel) {
    const service = /sysmon/i.test(channel)
      ? 'sysmon'
      : /^(security|system|application)$/i.test(channel)
        ? channel.toLowerCase()
        : '';
    return { product: 'windows', category: '', service };
  }
  if (has('EventID')) return { product: 'windows', category: '', service: '' };
  if (has('http.request.method') || has('url.original')) {
    return { product: '', category: 'webserver', service: '' };
  }
  if (has('log.syslog.appname') || has('process.name')) {
    const name = String(rows.find((row) => row['process.name'])?.['process.name'] ?? '');
    return { product: 'linux', category: '', service: /^sshd/.test(name) ? 'sshd' : '' };
  }
  if (has('destination.port')) return { product: '', category: 'firewall', service: '' };
  return { product: '', category: '', service: '' };
}
