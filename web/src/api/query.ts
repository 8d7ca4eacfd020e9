// The query line: cutting it into coloured pieces, and adding filters to it from the result.
// The server's parser decides what is right; nothing here refuses a query.

export type Piece = {
  text: string;
  kind: 'field' | 'word' | 'op' | 'value' | 'string' | 'space' | 'mark';
};

const kPiece =
  /(\s+)|("(?:[^"\\]|\\.)*"?|(?<=:)\/(?:[^/\\]|\\.)+\/(?=$|[\s)|]))|(\||\(|\)|,)|([^\s"|(),:<>=!]+)(?=\s*(?::|>=|<=|!=|=|>|<))|(:|>=|<=|!=|=|>|<)|([^\s"|(),:<>=!]+)|(.)/gu;

const kOps = new Set(['and', 'or', 'not', 'by', 'as']);

/** Every character of the text is in exactly one piece, in order. */
export function pieces(text: string): Piece[] {
  const out: Piece[] = [];
  let afterColon = false;
  for (const match of text.matchAll(kPiece)) {
    const [whole, space, quoted, , field, mark, word] = match;
    let kind: Piece['kind'] = 'mark';
    if (space !== undefined) kind = 'space';
    else if (quoted !== undefined) kind = 'string';
    else if (field !== undefined) kind = afterColon ? 'value' : 'field';
    else if (mark !== undefined) kind = 'mark';
    else if (word !== undefined) {
      kind = kOps.has(word.toLowerCase()) && !afterColon ? 'op' : afterColon ? 'value' : 'word';
    }
    // An IPv6 address or a time holds colons: what follows a value's colon is still the value.
    if (kind !== 'space')
      afterColon = mark !== undefined || (kind === 'value' && field !== undefined);
    const last = out[out.length - 1];
    if (last && last.kind === kind && kind === 'mark') last.text += whole;
    else out.push({ text: whole, kind });
  }
  return out;
}

// Not with a stroke in front: between two of them stands a regular expression.
const kPlain = /^[\p{L}\p{N}_.@%+-][\p{L}\p{N}_./@%+-]*$/u;
const kAddress = /^[0-9A-Fa-f:.]+$/;

/** A value as the query language reads it back: bare when that is safe, quoted otherwise. */
export function quote(value: string): string {
  const reserved = /^(and|or|not)$/i.test(value);
  if (!reserved && (kPlain.test(value) || (kAddress.test(value) && !value.includes(':')))) {
    return value;
  }
  return `"${value.replace(/[\\"]/g, '\\$&')}"`;
}

/** Where the regular expression that begins here ends, behind its stroke; -1 when none does. */
export function regexEnd(text: string, at: number): number {
  if (text[at] !== '/') return -1;
  for (let end = at + 1; end < text.length; end += 1) {
    if (text[end] === '\\') end += 1;
    else if (text[end] === '/') {
      return end > at + 1 && /^($|[\s)|])/.test(text.slice(end + 1)) ? end + 1 : -1;
    }
  }
  return -1;
}

/** Splits off the pipes, which stay at the end when a filter is added. */
export function splitPipes(query: string): { filter: string; pipes: string } {
  let quoted = false;
  for (let at = 0; at < query.length; at += 1) {
    const c = query[at];
    if (c === '\\' && quoted) at += 1;
    else if (c === '"') quoted = !quoted;
    else if (!quoted && query[at - 1] === ':' && regexEnd(query, at) > 0) {
      at = regexEnd(query, at) - 1;
    } else if (c === '|' && !quoted) {
      return { filter: query.slice(0, at).trim(), pipes: query.slice(at).trim() };
    }
  }
  return { filter: query.trim(), pipes: '' };
}

function needsBrackets(filter: string): boolean {
  return pieces(filter).some((p) => p.kind === 'op' && p.text.toLowerCase() === 'or');
}

/** The query, narrowed to events with (or without) this value. Pipes are kept. */
export function narrow(query: string, field: string, value: string, without = false): string {
  const { filter, pipes } = splitPipes(query);
  const term = `${without ? 'not ' : ''}${field}:${quote(value)}`;
  if (filter === term || filter.startsWith(`${term} and `) || filter.endsWith(` and ${term}`)) {
    return query;
  }
  const old =
    filter === '' || filter === '*'
      ? ''
      : needsBrackets(filter)
        ? `(${filter}) and `
        : `${filter} and `;
  return [old + term, pipes].filter(Boolean).join(' ');
}

/** The filter alone, then the count of each value of one field. */
export function groupBy(query: string, field: string): string {
  const { filter } = splitPipes(query);
  return [filter || '*', `| stats count() by ${field} | sort -count | limit 50`].join(' ');
}

/** Free text from the search box: an address or a word becomes a phrase that every field may match. */
export function fromFreeText(text: string): string {
  const clean = text.trim().normalize('NFC');
  if (/[:|()"]|\b(and|or|not)\b/i.test(clean) && !/^[0-9a-f:]+$/i.test(clean)) return clean;
  return `"${clean.replace(/[\\"]/g, '\\$&')}"`;
}
