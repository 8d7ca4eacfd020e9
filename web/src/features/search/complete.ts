// What may stand at the caret of a query line, and what fits there. Pure: the place is found from the
// text alone; names, values and words are handed in. The server's parser decides what is right.
import { regexEnd } from '@/api/query.ts';
import { fold } from '@/ui/format.ts';
import type { Field } from './queries.ts';

export type Place =
  | { kind: 'condition'; from: number; word: string; joined: boolean }
  | { kind: 'value'; from: number; word: string; field: string; quoted: boolean; range: boolean }
  | { kind: 'join'; from: number; word: string }
  | { kind: 'pipe'; from: number; word: string }
  | { kind: 'function'; from: number; word: string }
  | { kind: 'name'; from: number; word: string; of: 'field' | 'column' | 'by'; sign: string }
  | { kind: 'list'; from: number; word: string }
  | { kind: 'after'; from: number; word: string; pipe: string; words: readonly string[] }
  | { kind: 'number'; from: number; word: string; pipe: string };

export type Offer = {
  /** What stands in the text afterwards, from the place's `from` to the caret. */
  insert: string;
  label: string;
  kind: 'field' | 'value' | 'operator' | 'join' | 'pipe' | 'function' | 'name' | 'asked';
  /** What it means; a text key's tail for words of the language. */
  detail?: string;
  /** Puts the caret this far back from the end: between two parentheses. */
  back?: number;
};

export const kPipes = [
  'stats',
  'top',
  'dedup',
  'where',
  'sort',
  'limit',
  'fields',
  'extract',
  'hunt',
] as const;
export const kFunctions = [
  'count',
  'sum',
  'avg',
  'min',
  'max',
  'dcount',
  'median',
  'p95',
  'percentile',
] as const;
/** What a table is cut along: spans of time by the clock of Vietnam. */
const kSpans = ['5m', '1h', '1d', '1w'];
const kMax = 8;

const kToken = /(?:\\.?|[^\s()|"\\])*$/s;
const kCondition = /^-?([\p{L}\p{N}_@][\p{L}\p{N}_.@-]*)(:|<=|>=|<|>)(.*)$/su;

type Scan = {
  /** Where the pipe that the caret stands in begins, behind its sign; -1 in the filter. */
  pipe: number;
  /** Where an unclosed quotation mark stands, or -1. */
  quote: number;
  /** The field whose list of values `field:(a or` is open, if one is. */
  list: string | null;
  open: number;
};

function scan(before: string): Scan {
  const out: Scan = { pipe: -1, quote: -1, list: null, open: 0 };
  const stack: (string | null)[] = [];
  for (let at = 0; at < before.length; at += 1) {
    const c = before[at];
    if (out.quote >= 0) {
      if (c === '\\') at += 1;
      else if (c === '"') out.quote = -1;
    } else if (c === '\\') at += 1;
    else if (before[at - 1] === ':' && regexEnd(`${before} `, at) > 0) {
      at = regexEnd(`${before} `, at) - 1;
    } else if (c === '"') out.quote = at;
    else if (c === '(') {
      const field = /([\p{L}\p{N}_@][\p{L}\p{N}_.@-]*):$/u.exec(before.slice(0, at));
      stack.push(field?.[1] ?? stack[stack.length - 1] ?? null);
    } else if (c === ')') stack.pop();
    else if (c === '|') {
      out.pipe = at + 1;
      stack.length = 0;
    }
  }
  out.open = stack.length;
  out.list = stack[stack.length - 1] ?? null;
  return out;
}

/** The place at the caret, or null where nothing can be offered (inside a phrase). */
export function placeAt(text: string, caret: number): Place | null {
  const before = text.slice(0, caret);
  const found = scan(before);
  if (found.pipe >= 0) return pipePlace(before, found);
  if (found.quote >= 0) {
    const head = before.slice(0, found.quote);
    const field = /([\p{L}\p{N}_@][\p{L}\p{N}_.@-]*):$/u.exec(head)?.[1] ?? found.list;
    if (!field) return null;
    const word = before.slice(found.quote + 1);
    return { kind: 'value', from: found.quote, word, field, quoted: true, range: false };
  }
  const token = kToken.exec(before)?.[0] ?? '';
  const from = caret - token.length;
  const condition = kCondition.exec(token);
  if (condition) {
    const [, field = '', sign, word = ''] = condition;
    const range = sign !== ':';
    return { kind: 'value', from: caret - word.length, word, field, quoted: false, range };
  }
  const head = before.slice(0, from).trimEnd();
  const last = /([\p{L}\p{N}_@][\p{L}\p{N}_.@-]*)\s*(:|<=|>=|<|>)$/u.exec(head);
  if (last?.[1]) {
    const range = last[2] !== ':';
    return { kind: 'value', from, word: token, field: last[1], quoted: false, range };
  }
  if (found.list !== null) {
    return { kind: 'value', from, word: token, field: found.list, quoted: false, range: false };
  }
  const joined = head === '' || head.endsWith('(') || /(^|[\s()])(and|or|not)$/i.test(head);
  if (token === '' && !joined) return { kind: 'join', from, word: '' };
  return { kind: 'condition', from, word: token, joined };
}

function pipePlace(before: string, found: Scan): Place | null {
  const list = /^\s*hunt\s+(?:"([^"]*)|([^\s"|]*))$/i.exec(before.slice(found.pipe));
  if (list) {
    const word = list[1] ?? list[2] ?? '';
    return {
      kind: 'list',
      from: before.length - word.length - (list[1] === undefined ? 0 : 1),
      word,
    };
  }
  if (found.quote >= 0) return null;
  const part = before.slice(found.pipe);
  const word = /^\s*(\S*)$/.exec(part);
  if (word) {
    const typed = word[1] ?? '';
    return { kind: 'pipe', from: before.length - typed.length, word: typed };
  }
  const command = (/^\s*(\S+)/.exec(part)?.[1] ?? '').toLowerCase();
  const rest = part.slice(part.indexOf(command) + command.length);
  const token = /[^\s(),|]*$/.exec(part)?.[0] ?? '';
  const from = before.length - token.length;
  const head = rest.slice(0, rest.length - token.length).trimEnd();
  const name = (of: 'field' | 'column' | 'by', sign = ''): Place => ({
    kind: 'name',
    from: from + sign.length,
    word: token.slice(sign.length),
    of,
    sign,
  });
  switch (command) {
    case 'stats': {
      if (/\(\s*$/.test(head)) return name('field');
      if (found.open > 0) return null;
      if (/(^|\s)by$/i.test(head) || /(^|\s)by\s.*,$/is.test(head)) return name('by');
      if (head === '' || head.endsWith(',')) return { kind: 'function', from, word: token };
      if (/(^|\s)as$/i.test(head)) return null;
      const words = /(^|\s)by\s/i.test(`${head} `) ? [',', '|'] : ['by', 'as', ',', '|'];
      return { kind: 'after', from, word: token, pipe: command, words };
    }
    case 'sort': {
      if (head === '' || head.endsWith(',')) {
        return name('column', /^[-+]/.exec(token)?.[0] ?? '');
      }
      return { kind: 'after', from, word: token, pipe: command, words: [',', '|'] };
    }
    case 'fields':
    case 'dedup': {
      if (head === '' || head.endsWith(',')) return name('field');
      return { kind: 'after', from, word: token, pipe: command, words: [',', '|'] };
    }
    case 'top': {
      if (head === '' && /^\d*$/.test(token))
        return { kind: 'number', from, word: token, pipe: command };
      if (head === '' || /^\s*\d+$/.test(head) || head.endsWith(',') || /(^|\s)by$/i.test(head)) {
        return name('field');
      }
      return { kind: 'after', from, word: token, pipe: command, words: ['by', ',', '|'] };
    }
    case 'extract': {
      if (head === '') return name('field');
      if (/\s/.test(head.trim()) || token !== '') return null;
      return { kind: 'after', from, word: token, pipe: command, words: ['"'] };
    }
    case 'where': {
      // Behind a table its columns, before it the fields, as in the filter.
      const inner = placeAt(rest, rest.length);
      if (!inner) return null;
      const shift = before.length - rest.length;
      return { ...inner, from: inner.from + shift };
    }
    case 'hunt':
      return { kind: 'after', from, word: token, pipe: command, words: ['|'] };
    case 'limit':
    case 'head': {
      if (head === '') return { kind: 'number', from, word: token, pipe: command };
      return { kind: 'after', from, word: token, pipe: command, words: ['|'] };
    }
    default:
      return null;
  }
}

/** Columns that the table of this query has: what `sort` may name. */
export function columnsIn(text: string): string[] {
  const top = /\|\s*top\s+\d*\s*([^|]*)/i.exec(text)?.[1];
  if (top !== undefined) {
    const [fields = '', groups = ''] = top.split(/\sby\s/i);
    const names = `${groups},${fields}`.split(',').map((one) => one.trim());
    return [...names.filter(Boolean), 'count'];
  }
  const stats = /\|\s*stats\s+([^|]*)/i.exec(text)?.[1];
  if (stats === undefined) return [];
  const [made = '', by = ''] = stats.split(/\sby\s/i);
  const out = made
    .split(/,(?![^(]*\))/)
    .map(
      (one) => /\sas\s+(\S+)\s*$/i.exec(one)?.[1] ?? one.trim().replace(/^count\(\s*\)$/i, 'count'),
    )
    .filter(Boolean);
  const along = by.split(/,(?![^(]*\))/).map((one) => {
    const text = one.trim();
    if (/^\d+[smhdw]$/.test(text)) return '@timestamp';
    return /^bin\(\s*([^,\s]+)/i.exec(text)?.[1] ?? text;
  });
  return [...out, ...along.filter(Boolean)];
}

/** Those that begin with the word first, then those that hold it. */
function ranked<T>(all: readonly T[], name: (one: T) => string, word: string): T[] {
  const wanted = fold(word);
  const starts: T[] = [];
  const parts: T[] = [];
  const holds: T[] = [];
  for (const one of all) {
    const text = fold(name(one));
    if (text.startsWith(wanted)) starts.push(one);
    else if (text.split(/[._]/).some((part) => part.startsWith(wanted))) parts.push(one);
    else if (text.includes(wanted)) holds.push(one);
  }
  return [...starts, ...parts, ...holds];
}

export type Known = {
  fields: readonly Field[];
  /** Top values of the field at the place, most frequent first. */
  values: readonly { value: string; count: number }[];
  /** Names of the indicator lists in force. */
  lists?: readonly string[];
  /** Asked for by the arrow key: also where nothing has been typed yet. */
  forced: boolean;
  quote: (value: string) => string;
};

/** What fits at the place. Never what stands there already and nothing else. */
export function offersAt(text: string, place: Place, known: Known): Offer[] {
  const { word } = place;
  const none = word === '' && !known.forced;
  switch (place.kind) {
    case 'condition': {
      if (none) return [];
      const exact = known.fields.find((field) => field.name === word);
      const fields = ranked(known.fields, (field) => field.name, word)
        .filter((field) => field !== exact)
        .slice(0, kMax)
        .map((field) => fieldOffer(field, ':'));
      const joins: Offer[] =
        place.joined || word === ''
          ? words(['not', '('], word, 'join')
          : words(['and', 'or', 'not'], word, 'join');
      return [...(exact ? operators(exact) : []), ...joins, ...fields].slice(0, kMax);
    }
    case 'value':
      return valueOffers(place, known);
    case 'join':
      return known.forced ? words(['and', 'or', 'and not', '|'], word, 'join') : [];
    case 'pipe':
      return words([...kPipes], word, 'pipe').filter((offer) => offer.label !== word);
    case 'function':
      return kFunctions
        .filter((name) => name.startsWith(word.toLowerCase()))
        .map((name) => ({
          insert: name === 'percentile' ? 'percentile(, 99)' : `${name}()`,
          label: `${name}()`,
          kind: 'function' as const,
          detail: name,
          back: name === 'count' ? 0 : name === 'percentile' ? 5 : 1,
        }));
    case 'name': {
      const columns = columnsIn(text);
      if (place.of === 'column' && columns.length > 0) {
        return columns
          .filter((name) => fold(name).includes(fold(word)) && name !== word)
          .slice(0, kMax)
          .map((name) => ({ insert: `${name} `, label: name, kind: 'name' }));
      }
      const spans: Offer[] =
        place.of === 'by'
          ? kSpans
              .filter((span) => span.startsWith(word) && span !== word)
              .map((span) => ({ insert: `${span} `, label: span, kind: 'name', detail: 'bin' }))
          : [];
      const fields = ranked(known.fields, (field) => field.name, word)
        .filter((field) => field.name !== word)
        .slice(0, kMax - spans.length)
        .map((field) => fieldOffer(field, ''));
      return [...spans, ...fields];
    }
    case 'list':
      return ranked(known.lists ?? [], (name) => name, word)
        .filter((name) => name !== word)
        .slice(0, kMax)
        .map((name) => ({ insert: `${known.quote(name)} `, label: name, kind: 'name' }));
    case 'after':
      return none ? [] : words(place.words, word, 'join').filter((offer) => offer.label !== word);
    case 'number':
      return ['10', '20', '50', '100']
        .filter((n) => n.startsWith(word) && n !== word)
        .map((n) => ({ insert: `${n} `, label: n, kind: 'name' }));
  }
}

function fieldOffer(field: Field, end: string): Offer {
  return {
    insert: `${field.name}${end}`,
    label: field.name,
    kind: 'field',
    ...(field.meaning ? { detail: field.meaning } : {}),
  };
}

function words(all: readonly string[], word: string, kind: 'join' | 'pipe'): Offer[] {
  return all
    .filter((one) => one.startsWith(word.toLowerCase()) && one !== word)
    .map((one) => ({
      insert: one === '(' ? '(' : `${one} `,
      label: one,
      kind,
      detail: one,
    }));
}

const kRanged = new Set(['integer', 'float', 'ip', 'time']);

function operators(field: Field): Offer[] {
  const signs = kRanged.has(field.type ?? '') ? [':', ' >= ', ' <= ', ':*'] : [':', ':*'];
  return signs.map((sign) => ({
    insert: `${field.name}${sign}${sign === ':*' ? ' ' : ''}`,
    label: `${field.name}${sign}`,
    kind: 'operator',
    detail: sign.trim(),
  }));
}

function valueOffers(place: Extract<Place, { kind: 'value' }>, known: Known): Offer[] {
  const typed = place.quoted ? place.word.replace(/\\(.)/g, '$1') : place.word;
  const field = known.fields.find((one) => one.name === place.field);
  const values = ranked(known.values, (one) => one.value, typed)
    .filter((one) => one.value !== '' && (one.value !== typed || place.quoted))
    .slice(0, kMax)
    .map(
      (one): Offer => ({
        insert: `${known.quote(one.value)} `,
        label: one.value,
        kind: 'value',
        detail: String(one.count),
      }),
    );
  if (typed !== '' || place.quoted) return values;
  const more: Offer[] = [];
  if (field?.type === 'time') {
    for (const span of ['-15m', '-1h', '-24h', '-7d']) {
      if (place.range) more.push({ insert: `${span} `, label: span, kind: 'value' });
    }
  }
  if (!place.range) more.push({ insert: '* ', label: '*', kind: 'operator', detail: ':*' });
  return [...values.slice(0, kMax - more.length), ...more];
}

/** The text with the offer in it, and where the caret stands then. */
export function accept(text: string, caret: number, place: Place, offer: Offer) {
  const rest = text.slice(caret);
  // A blank of our own is not doubled.
  const insert =
    offer.insert.endsWith(' ') && /^\s/.test(rest) ? offer.insert.slice(0, -1) : offer.insert;
  const quoted =
    place.kind === 'value' ? place.quoted : place.kind === 'list' && text[place.from] === '"';
  const quoteLeft = quoted && rest.startsWith('"') ? 1 : 0;
  const next = text.slice(0, place.from) + insert + rest.slice(quoteLeft);
  const behind = offer.insert.endsWith(' ') && insert !== offer.insert ? 1 : 0;
  return { text: next, caret: place.from + insert.length + behind - (offer.back ?? 0) };
}
